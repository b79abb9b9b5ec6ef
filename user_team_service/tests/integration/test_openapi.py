"""`contracts/openapi/user_team.json` says what this service answers, and it answers what that says."""

import json
from pathlib import Path

import pytest
from django.urls import get_resolver, resolve
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENT = json.loads((Path(__file__).parents[3] / "contracts" / "openapi" / "user_team.json").read_text())
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
PASSWORD = "correct horse battery"


def check(schema, value):
    """The value fits a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)


def check_answer(answer):
    """What was really answered is documented: status, headers, body."""
    operation = DOCUMENT["paths"][answer.wsgi_request.path]
    documented = next(iter(operation.values()))["responses"][str(answer.status_code)]
    for name, header in documented.get("headers", {}).items():
        given = answer.headers[name]
        check(header["schema"], int(given) if header["schema"]["type"] == "integer" else given)
    if content := documented.get("content"):
        kind = answer.headers["Content-Type"].partition(";")[0]
        check(content[kind]["schema"], answer.json() if kind.endswith("json") else answer.text)


def test_every_path_of_the_api_is_documented_and_every_documented_one_is_served():
    routes = {f"/{pattern.pattern}" for pattern in get_resolver().url_patterns}
    inside = {f"/{p.pattern}" for r in get_resolver().url_patterns for p in getattr(r, "url_patterns", ())}
    api = {path for path in routes | inside if path.startswith(("/api/", "/.well-known/"))}
    assert api == set(DOCUMENT["paths"])
    for path in api:
        assert resolve(path)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=lambda value: str(value)[:40])
def test_every_operation_has_a_summary_and_its_examples_fit(path, method, operation):
    assert operation["summary"]
    assert operation["description"]
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    contents = [content for body in bodies for content in body.get("content", {}).values()]
    assert contents
    for content in contents:
        check(content["schema"], content["example"])


def test_what_is_really_answered_is_documented(company, client, settings):
    company.person(username="anna", password=PASSWORD)
    right = {"username": "anna", "password": PASSWORD}
    wrong = {**right, "password": "wrong"}
    answers = [
        client.post("/api/token", right),
        client.post("/api/token/", right),
        client.post("/api/token", "username", "multipart/form-data"),
        *(client.post("/api/token", wrong) for _ in range(5)),
        client.get("/api/token"),
        client.post("/api/token", b"x" * 20_000, "application/x-www-form-urlencoded"),
        client.post("/api/token", "{}", "application/json"),
        client.post("/api/token", {"username": "anna"}),
        *(client.get(path) for path in DOCUMENT["paths"] if "well-known" in path),
        *(client.post(path) for path in DOCUMENT["paths"] if "well-known" in path),
    ]
    settings.SECRET_KEY = "another one, so that the key cannot be read and no token can be signed"
    answers.append(client.post("/api/token", right, REMOTE_ADDR="203.0.113.7"))
    settings.SECURE_SSL_REDIRECT = True
    answers += [client.post("/api/token", right), client.get("/.well-known/jwks.json")]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 301, 400, 401, 403, 405, 413, 415, 422, 429, 503}
    for answer in answers:
        check_answer(answer)
