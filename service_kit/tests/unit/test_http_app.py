"""What every HTTP app answers to good and bad requests, without a server or a database."""

import json
from time import process_time
from typing import Annotated
from uuid import UUID

import httpx2
import pytest
import structlog
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import REGISTRY
from pydantic import BaseModel, ConfigDict, Field
from structlog.testing import capture_logs

from service_kit.auth import require
from service_kit.health import Health
from service_kit.http import Limits, NoQuery, NotFound, Page, PageQuery, create_app
from service_kit.http.answers import problem
from service_kit.http.etag import IfMatch, IfNoneMatch
from service_kit.http.idempotency import Once
from service_kit.http.limits import refuse_repeated_parameters
from service_kit.http.problem import ProblemDocument
from service_kit.tracing import current_traceparent

SECRET = "s3cret-in-an-exception"
MAX_BODY = 20_000


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(max_length=10)
    count: int = Field(ge=0, le=2**63 - 1)


class ThingPage(Page):
    things: list[str]


def make_app():
    app = create_app(
        title="Things",
        version="1",
        health=Health(),
        allowed_hosts=["things.example"],
        limits=Limits(body=MAX_BODY, larger_bodies={"/api/things/import": 2 * MAX_BODY}),
        slashed_prefix="/api/",
        secret_paths=["/api/files/"],
    )

    @app.get("/api/things/")
    async def list_things(query: Annotated[PageQuery, Query()]) -> ThingPage:
        return ThingPage(total=1, page=query.page, size=query.size, things=["a"])

    @app.get("/api/things/{oid}/")
    async def get_thing(oid: UUID, _query: Annotated[NoQuery, Query()]) -> Thing:
        raise NotFound(f"thing {oid.version}")

    @app.get("/api/numbers/{number}/")
    async def get_number(number: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> int:
        return number

    @app.post("/api/things/")
    async def make_thing(thing: Thing) -> Thing:
        return thing

    @app.post("/api/things/import/")
    async def import_things(request: Request) -> int:
        return len(await request.body())

    @app.get("/api/trace/")
    async def trace() -> str | None:
        return current_traceparent()

    @app.put(
        "/api/documented/",
        dependencies=[Depends(require())],
        responses=problem(409, "The move is not allowed.", "new cannot become done.", allowed=["done"]),
    )
    async def documented(thing: Thing, _match: IfMatch, _none_match: IfNoneMatch, _once: Once) -> None: ...

    @app.get("/api/files/{name}.ics")
    async def get_file(name: str) -> int:
        return len(name)

    @app.get("/api/broken/")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    inner = APIRouter(prefix="/inner")

    @inner.get("/{inner}/")
    async def nested(outer: int, inner: int) -> int:
        return outer + inner

    outer = APIRouter(prefix="/api/outer/{outer}")
    outer.include_router(inner)
    app.include_router(outer)
    return app


@pytest.fixture(scope="module")
async def client():
    transport = httpx2.ASGITransport(app=make_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://things.example") as it:
        yield it


def assert_problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["request_id"] == response.headers["x-request-id"]
    return document


async def test_a_list_is_answered_in_the_envelope(client):
    response = await client.get("/api/things/", params={"page": 2, "size": 10})
    assert response.json() == {"total": 1, "page": 2, "size": 10, "things": ["a"]}


async def test_a_path_without_its_last_slash_is_found_without_a_redirect(client):
    with_slash, without = await client.get("/api/things/?size=7"), await client.get("/api/things?size=7")
    assert without.status_code == 200
    assert without.json() == with_slash.json()


async def test_the_name_of_a_file_ends_without_a_slash(client):
    assert (await client.get("/api/files/calendar.ics")).json() == len("calendar")
    assert_problem(await client.get("/api/files/calendar.ics/"), 404)


async def test_a_path_that_goes_on_with_a_secret_is_not_logged(client):
    with capture_logs() as logs:
        for path in (f"{SECRET}.ics", f"{SECRET}/", f"{SECRET}%00", f"{SECRET}.ics?a=1&a=2", ""):
            answer = await client.get(f"/api/files/{path}")
            assert SECRET not in answer.text
    assert [entry["path"] for entry in logs] == ["/api/files/[secret]"] * 4 + ["/api/files/"]
    assert SECRET not in str(logs)


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=10001",
        "page=99999999999999999999999999999",
        "page=one",
        "page=",
        "page=true",
        "page=1e400",
        "size=0",
        "size=201",
        "size=1000000000",
        "page=1&page=2",
        "unknown=1",
        "is_admin=true",
        "page=%00",
        "name=%00",
    ],
)
async def test_a_wrong_query_is_422(client, query):
    assert_problem(await client.get(f"/api/things/?{query}"), 422)


async def test_a_route_without_parameters_refuses_any(client):
    assert_problem(await client.get(f"/api/things/{UUID(int=1)}/?a=1"), 422)


async def test_errors_point_to_the_values_and_do_not_repeat_them(client):
    document = assert_problem(await client.get("/api/things/?page=abcXYZ&size=500"), 422)
    assert document["errors"] == [
        {"pointer": "/query/page", "detail": "Input should be a valid integer"},
        {"pointer": "/query/size", "detail": "Input should be less than or equal to 200"},
    ]
    malformed = await client.get("/api/things/zzXYZzz/")
    assert malformed.json()["errors"] == [{"pointer": "/path/oid", "detail": "Input should be a valid UUID"}]


@pytest.mark.parametrize(
    "number", ["0", "-1", "9223372036854775808", "1" * 1500, "1e400", "1.5", "NaN", "true"]
)
async def test_a_number_out_of_range_is_422(client, number):
    assert_problem(await client.get(f"/api/numbers/{number}/"), 422)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/things/%00/", 400),
        ("/api/things/%ff%fe/", 400),
        ("/api/things/%ed%a0%80/", 400),  # a lone surrogate, in what would be its UTF-8
        ("/api/things/?name=%ed%a0%80", 400),
        ("/api/things/..%2f..%2fetc/", 400),
        ("/api/things/%2e%2e/", 400),
        ("/api/things/%0d%0aSet-Cookie:a=b/", 400),
        ("/api/things/" + "a" * 3000, 414),
        ("/api/things/?name=" + "a" * 5000, 414),
        ("/api/things/?" + "&".join("p" for _ in range(1_000)), 414),
        ("/nowhere", 404),
        ("/docs/nothing.js", 404),
    ],
)
async def test_a_wrong_address_is_refused(client, path, status):
    assert_problem(await client.get(path), status)


async def test_a_missing_thing_and_a_wrong_method_are_problems(client):
    assert assert_problem(await client.get(f"/api/things/{UUID(int=1)}/"), 404)["detail"].startswith(
        "No such thing"
    )
    response = await client.delete("/api/things/")
    assert_problem(response, 405)
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "things.example.evil",
        "things.example:80:80",
        "a b",
        "things.example@evil",
        "[::1]x",
        "",
    ],
)
async def test_a_foreign_host_is_refused_and_not_repeated(client, host):
    response = await client.get("/api/things/", headers={"Host": host})
    assert_problem(response, 400)
    assert "evil" not in response.text


async def test_probes_may_use_any_host(client):
    response = await client.get("/health/live", headers={"Host": "10.1.2.3:8005"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "a", "count": NaN}',
        b'{"name": "a", "count": 1e400}',
        b'{"name": "a", "count": true}',
        b'{"name": "a", "count": -1}',
        b'{"name": "a", "count": 9223372036854775808}',
        b'{"name": "aaaaaaaaaaaaaaaaaaaa", "count": 1}',
        b'{"name": "\\ud800", "count": 1}',
        b'{"name": "a", "count": 1, "\\ud800": 1}',
        b'{"name": "a", "count": 1, "is_admin": true}',
        b"[" * 10_000,
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"name": "a", "count": 1}',
        '{"name": "a", "count": 1}'.encode("utf-16"),
        b'{"name": "a", "count": 1, "count": 2}',
    ],
)
async def test_a_wrong_body_is_refused(client, body):
    response = await client.post("/api/things/", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    assert_problem(response, response.status_code)


async def test_a_body_of_another_type_is_refused(client):
    body = b'{"name": "a", "count": 1}'
    # Without a type, and with the one that curl gives to what it is not told of.
    for kind in (None, "application/x-www-form-urlencoded", "text/plain"):
        headers = {"Content-Type": kind} if kind else {}
        refused = await client.post("/api/things/", content=body, headers=headers)
        assert_problem(refused, 415)
        assert "application/json" in refused.json()["detail"]
    gzipped = await client.post("/api/things/", content=body, headers={"Content-Encoding": "gzip"})
    assert_problem(gzipped, 415)
    assert gzipped.headers["accept-encoding"] == "identity"


async def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_its_length(client):
    async def chunks():
        for _ in range(20):
            yield b" " * (MAX_BODY // 10)

    headers = {"Content-Type": "application/json"}
    assert_problem(await client.post("/api/things/", content=b" " * (MAX_BODY + 1), headers=headers), 413)
    assert_problem(await client.post("/api/things/", content=chunks(), headers=headers), 413)


async def test_one_path_may_take_larger_bodies_than_the_others(client):
    for path in ("/api/things/import/", "/api/things/import"):
        assert (await client.post(path, content=b" " * 2 * MAX_BODY)).json() == 2 * MAX_BODY
        assert_problem(await client.post(path, content=b" " * (2 * MAX_BODY + 1)), 413)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([PARENT], True),
        ([], False),
        ([PARENT, PARENT], False),
        ([PARENT.upper()], False),
        ([f"{PARENT}, {PARENT}"], False),
        ([f"00-{'0' * 32}-00f067aa0ba902b7-01"], False),
        (["a" * 5_000], False),
    ],
)
async def test_a_request_belongs_to_its_callers_trace(client, given, kept):
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = await client.get("/api/trace/", headers=[("traceparent", value) for value in given])
    _, trace, span, _ = answer.json().split("-")
    assert (trace == TRACE) is kept
    assert span != "00f067aa0ba902b7"
    assert [entry["trace_id"] for entry in logs] == [trace]
    assert TRACE not in str(answer.headers)


@pytest.mark.parametrize(
    "value", ["bytes=9999999999-", "bytes=0-0,0-0,0-0", "bytes=-", "lines=1-2", "bytes=" + "9" * 999]
)
async def test_a_range_is_ignored(client, value):
    for path in ("/api/things/", "/docs/swagger-ui.css"):
        response = await client.get(path, headers={"Range": value})
        assert response.status_code == 200


async def test_an_unexpected_error_is_logged_and_not_told(client):
    with capture_logs() as logs:
        response = await client.get("/api/broken/")
    document = assert_problem(response, 500)
    assert SECRET not in json.dumps(document)
    failure = next(entry for entry in logs if entry["event"] == "http_request_failed")
    assert failure["exc_info"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2_3", True), ("a b", False), ("<script>", False), ("a" * 65, False), ("", False)],
)
async def test_a_sane_request_id_is_kept(client, given, kept):
    response = await client.get("/api/things/", headers={"X-Request-ID": given})
    assert (response.headers["x-request-id"] == given) is kept
    assert response.headers["x-request-id"]


async def test_forwarded_headers_are_not_believed_or_repeated(client):
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "evil",
        "Forwarded": "host=evil.example",
    }
    response = await client.get("/api/things", headers=headers)
    assert response.status_code == 200
    assert "evil" not in response.text + str(response.headers)


async def test_answers_carry_security_headers(client):
    for path in ("/api/things/", "/api/broken/", "/nowhere"):
        headers = (await client.get(path)).headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


ANYWHERE = {"400", "404", "414", "422", "431", "500", "503"}


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("get", "/api/things/", set()),
        ("post", "/api/things/", {"413", "415"}),
        ("put", "/api/documented/", {"304", "401", "403", "409", "412", "413", "415", "429"}),
    ],
)
async def test_openapi_lists_every_error_of_an_operation_with_an_example(client, method, path, more):
    schema = (await client.get("/openapi.json")).json()
    responses = schema["paths"][path][method]["responses"]
    assert responses.keys() - {"200"} == ANYWHERE | more
    assert list(responses) == sorted(responses)
    for code, answer in responses.items():
        if int(code) >= 400:
            if "$ref" in answer:
                answer = schema["components"]["responses"][answer["$ref"].rpartition("/")[2]]  # noqa: PLW2901
            (content,) = answer["content"].items()
            assert content[0] == "application/problem+json"
            assert content[1]["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
            example = content[1]["example"]
            assert ProblemDocument.model_validate(example).status == int(code)
            assert ("errors" in example) == (code == "422")
    assert "ProblemDocument" in schema["components"]["schemas"]
    assert "HTTPValidationError" not in json.dumps(schema)


async def test_a_wrong_method_is_told_all_the_right_ones(client):
    refused = await client.delete("/api/things/")
    assert_problem(refused, 405)
    assert refused.headers["allow"] == "GET, POST"


async def test_a_route_may_say_more_of_its_own_error(client):
    schema = (await client.get("/openapi.json")).json()
    answer = schema["paths"]["/api/documented/"]["put"]["responses"]["409"]
    assert answer["description"] == "The move is not allowed."
    assert answer["content"]["application/problem+json"]["example"]["allowed"] == ["done"]


async def test_the_api_page_asks_only_this_server(client):
    page = await client.get("/docs")
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype html>", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png", "LICENSE"):
        assert (await client.get(f"/docs/{name}")).status_code == 200


def served(method, route, status):
    """How many requests the metrics have counted for a route."""
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_request_seconds_count", labels) or 0.0


@pytest.mark.parametrize(
    ("method", "path", "label", "route", "status"),
    [
        ("GET", f"/api/things/{UUID(int=1)}/", "GET", "/api/things/{oid}/", 404),
        ("GET", "/api/things", "GET", "/api/things/", 200),
        ("GET", "/api/things/?page=0", "GET", "/api/things/", 422),
        ("DELETE", "/api/things/", "DELETE", "/api/things/", 405),
        ("GET", "/api/broken/", "GET", "/api/broken/", 500),
        ("GET", "/api/outer/5/inner/7/", "GET", "/api/outer/{outer}/inner/{inner}/", 200),
        ("GET", "/nowhere/at/all", "GET", "unmatched", 404),
        ("GET", "/api/things/%00/", "GET", "unmatched", 400),
        ("BREW", "/nowhere", "other", "unmatched", 404),
    ],
)
async def test_requests_are_measured_by_the_routes_template(client, method, path, label, route, status):
    before = served(label, route, status)
    await client.request(method, path)
    assert served(label, route, status) == before + 1


async def test_what_people_and_probes_look_at_is_not_measured(client):
    for path in ("/health/live", "/health/ready", "/metrics", "/docs", "/docs/start.js", "/openapi.json"):
        assert (await client.get(path)).status_code == 200
    routes = {
        sample.labels["route"]
        for metric in REGISTRY.collect()
        if metric.name == "http_request_seconds"
        for sample in metric.samples
    }
    assert not {route for route in routes if route.startswith(("/health", "/metrics", "/docs", "/openapi"))}
    assert served("GET", "unmatched", 200) == 0


async def test_repeated_headers_are_counted_once():
    """As many as may come took a seventh of a second of everybody's time, without a token."""
    scope = {"type": "http", "query_string": b"", "headers": [(b"if-match", b"")] * 10_000}
    begun = process_time()
    with pytest.raises(RequestValidationError):
        await refuse_repeated_parameters(Request(scope))
    assert process_time() - begun < 0.5
