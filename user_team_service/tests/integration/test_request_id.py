"""Every request has an id: the client's or a new one, in the answer and in each log line about it."""

import json
import logging

import pytest

from user_team.logs import ConsoleFormatter, JsonFormatter


class Lines(logging.Handler):
    """What the JSON formatter writes."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.written = []

    def emit(self, record):
        self.written.append(json.loads(self.format(record)))


@pytest.fixture
def lines(monkeypatch):
    handler = Lines()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, handler])
    monkeypatch.setattr(root, "level", logging.INFO)
    return handler.written


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2_3", True), ("a b", False), ("<script>", False), ("a" * 65, False), ("", False)],
)
def test_a_sane_request_id_is_kept(client, db, given, kept):
    answer = client.get("/health/live", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert answer.headers["X-Request-ID"]


def test_requests_have_different_ids(client, db):
    assert len({client.get("/health/live").headers["X-Request-ID"] for _ in range(3)}) == 3


def test_a_request_is_logged_with_its_id_and_without_its_query(client, db, lines):
    answer = client.get("/admin/login/?next=/admin/users/%3Fq=Petrov", headers={"X-Request-ID": "seven"})
    assert answer.status_code == 200
    (line,) = [line for line in lines if line["event"] == "http_request"]
    assert line["ms"] >= 0
    assert {name: line[name] for name in ("request_id", "method", "path", "status")} == {
        "request_id": "seven",
        "method": "GET",
        "path": "/admin/login/",
        "status": 200,
    }
    assert "Petrov" not in json.dumps(lines)


def test_an_error_carries_the_id_of_its_request(client, db, lines, monkeypatch):
    def fail(_request):
        raise RuntimeError("broken")

    monkeypatch.setattr("django.views.generic.RedirectView.get", lambda *_arguments, **_names: fail(None))
    client.raise_request_exception = False
    assert client.get("/", headers={"X-Request-ID": "eight"}).status_code == 500
    assert client.get("/nowhere", headers={"X-Request-ID": "nine"}).status_code == 404
    (error,) = [line for line in lines if "exception" in line]
    assert error["request_id"] == "eight"
    (missing,) = [line for line in lines if line["event"] == "Not Found: /nowhere"]
    assert missing["request_id"] == "nine"


def test_between_requests_there_is_no_id(client, db, lines):
    client.get("/admin/login/")
    logging.getLogger("elsewhere").info("nothing to do with a request")
    assert "request_id" not in lines[-1]


def test_people_see_the_same_fields():
    record = logging.LogRecord("user_team", logging.INFO, __file__, 1, "http_request", (), None)
    record.fields = {"status": 200}
    assert ConsoleFormatter("%(message)s").format(record) == "http_request status=200"
