"""Tasks in files: what an export holds, what an import does, and that both undo each other."""

import csv
import io
import json
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def people(apply, feed):
    """1 and 2 work in project 1, 3 in project 2."""
    await apply(feed.change(number=1, user=1), feed.change(number=2, user=2, team=None))
    await apply(feed.change(number=3, user=3, project=2, team=2))


@pytest.fixture
def send(client):
    """Import rows as JSON, or a file as it is."""

    async def send_file(rows, *, dry_run=False, by=client, **headers):
        is_csv = isinstance(rows, (str, bytes))
        content = rows if is_csv else json.dumps(rows)
        return await by.post(
            "/api/tasks/import/",
            params={"format": "csv" if is_csv else "json", "dry_run": dry_run},
            content=content,
            headers=(CSV if is_csv else JSON) | headers,
        )

    return send_file


@pytest.fixture
def export(client):
    async def export_file(file_format="json", by=client, **filters):
        answer = await by.get("/api/tasks/export/", params={"format": file_format, **filters})
        assert answer.status_code == 200, answer.text
        return answer.content

    return export_file


@pytest.fixture
def row(oid):
    def make(title, **fields):
        return {"project_oid": str(oid("project", 1)), "title": title, **fields}

    return make


def counts(answer):
    assert answer.status_code == 200, answer.text
    report = answer.json()
    return (
        report["imported"],
        report["created"],
        report["updated"],
        report["unchanged"],
        report["errors_total"],
    )


def faults(answer):
    return [(it["row"], it["column"]) for it in answer.json().get("report", answer.json())["errors"]]


LINES = st.text(
    st.characters(exclude_characters="\x7f", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=8
) | st.text("'=+-@＝;,\"", min_size=1, max_size=4)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.text(
    "'=+-@\t\r\n;,\" ", max_size=6
)
EARLY, LATE = datetime(1971, 1, 1), datetime(9000, 1, 1)  # noqa: DTZ001 - the strategy wants them so
TASKS = st.fixed_dictionaries(
    {"title": LINES, "description": TEXTS},
    optional={
        "labels": st.lists(LINES, max_size=3, unique=True),
        "priority": st.sampled_from(["low", "normal", "high", "urgent"]),
        "status": st.sampled_from(["new", "review", "done", "cancelled"]),
        "deadline": st.datetimes(EARLY, LATE).map(lambda moment: moment.isoformat() + "+03:00"),
    },
)


@pytest.mark.usefixtures("people")
class TestRoundTrip:
    async def test_an_export_is_imported_without_a_change_and_exported_again_byte_by_byte(
        self, row, send, export, oid
    ):
        rows = []

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(TASKS)
        def collect(fields):
            # Two equal rows would be taken for a slip.
            rows.append(row(**fields | {"title": f"{fields['title']}{len(rows)}"}))

        collect()
        rows.append(row("=HYPERLINK(1)", assignee_oid=str(oid("user", 1)), team_oid=str(oid("team", 1))))
        created = await send(rows)
        assert counts(created) == (True, len(rows), 0, 0, 0), created.text
        for file_format in ("csv", "json"):
            file = await export(file_format)
            again = await send(file if file_format == "csv" else json.loads(file))
            assert counts(again) == (True, 0, 0, len(rows), 0), again.text
            assert await export(file_format) == file
        exported = json.loads(await export())
        assert [it["title"] for it in exported] == [it["title"] for it in rows]
        assert [it["description"] for it in exported] == [it.get("description", "") for it in rows]
        assert [it["labels"] for it in exported] == [it.get("labels", []) for it in rows]

    async def test_a_file_of_several_pieces_is_whole_and_in_order(self, row, send, export):
        titles = [f"Task {number}" for number in range(501)]
        assert counts(await send([row(title) for title in titles]))[:2] == (True, 501)
        lines = list(csv.DictReader(io.StringIO((await export("csv")).decode(), newline="")))
        assert [line["title"] for line in lines] == titles
        assert [it["title"] for it in json.loads(await export())] == titles


@pytest.mark.usefixtures("people")
class TestImport:
    async def test_rows_create_and_change_with_history_and_by_the_workflow(
        self, row, send, export, client, oid
    ):
        await send([row("One"), row("Two", status="in_progress")])
        one, two = json.loads(await export())
        assert (one["status"], one["assignee_oid"]) == ("new", None)
        answer = await send(
            [
                {
                    "oid": one["oid"],
                    "project_oid": one["project_oid"],
                    "status": "in_progress",
                    "title": "One",
                },
                two | {"assignee_oid": str(oid("user", 1)), "labels": ["a"]},
                row("Three", status="done", deadline="2026-12-01T18:00:00+03:00"),
            ]
        )
        assert counts(answer) == (True, 1, 2, 0, 0), answer.text
        one, two, three = (await client.get("/api/tasks/", params={"sort": "created_at"})).json()["tasks"]
        assert (one["status"], one["version"], two["labels"], two["version"]) == ("in_progress", 2, ["a"], 2)
        assert (three["deadline"], three["deadline_time_zone"]) == ("2026-12-01T15:00:00.000Z", "UTC")
        assert three["completed_at"] is not None
        (_, change) = (await client.get(f"/api/tasks/{two['oid']}/history/")).json()["changes"]
        assert change["after"] == {"assignee_oid": str(oid("user", 1)), "labels": ["a"]}

    async def test_one_wrong_row_stops_all_and_a_dry_run_writes_nothing(self, row, send, export, oid):
        await send([row("Kept"), row("Moved")])
        kept, moved = json.loads(await export())
        rows = [
            row("Good"),
            kept | {"status": "done"},
            {"oid": str(oid("user", 9)), "project_oid": kept["project_oid"], "title": "Nowhere"},
            row("Team of another", team_oid=str(oid("team", 2))),
            row("A stranger's", assignee_oid=str(oid("user", 3))),
            {"project_oid": str(oid("project", 9)), "title": "No such project"},
            {"title": "No project at all"},
            row(""),
            row("Good"),
            row("Odd", status="no_such"),
            row("Odder", is_admin=True),
            row("Zone", deadline_time_zone="UTC"),
            moved | {"project_oid": str(oid("project", 2))},
            moved | {"title": "Twice"},
            "no object",
        ]
        expected = [
            (2, "status"),
            (3, "oid"),
            (4, "team_oid"),
            (5, "assignee_oid"),
            (6, "project_oid"),
            (7, "project_oid"),
            (8, "title"),
            (9, None),
            (10, "status"),
            (11, "is_admin"),
            (12, "deadline_time_zone"),
            (13, "project_oid"),
            (14, None),
            (15, None),
        ]
        dry = await send(rows, dry_run=True)
        assert (dry.status_code, dry.json()["imported"]) == (200, False)
        assert [fault for fault in faults(dry) if fault[0] != 8 or fault[1] == "title"] == expected
        refused = await send(rows)
        assert (refused.status_code, faults(refused)) == (422, faults(dry))
        assert refused.headers["content-type"] == "application/problem+json"
        good = await send([row("Good"), kept | {"status": "in_progress"}, moved], dry_run=True)
        assert counts(good) == (False, 1, 1, 1, 0)
        assert json.loads(await export()) == [kept, moved]

    async def test_managers_import_into_their_projects_only(self, row, send, export, sign_in, oid):
        await send([row("Ours"), {"project_oid": str(oid("project", 2)), "title": "Theirs"}])
        ours, theirs = json.loads(await export())
        async with sign_in(1, "manager") as manager, sign_in(1) as employee:
            assert json.loads(await export(by=manager)) == [ours]
            assert json.loads(await export(by=employee)) == [ours]
            foreign = await send([theirs, {"project_oid": theirs["project_oid"], "title": "New"}], by=manager)
            assert (foreign.status_code, faults(foreign)) == (422, [(1, "oid"), (2, "project_oid")])
            assert (await send([ours], by=employee)).status_code == 403
            assert counts(await send([ours | {"title": "Ours still"}], by=manager)) == (True, 0, 1, 0, 0)

    async def test_one_key_imports_once(self, row, send, export):
        first = await send([row("Once")], **{"Idempotency-Key": "abc"})
        again = await send([row("Once")], **{"Idempotency-Key": "abc"})
        assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
        assert len(json.loads(await export())) == 1

    async def test_filters_hold_for_exports(self, row, send, export):
        await send([row("Alpha", labels=["x"]), row("Beta", status="done")])
        assert [it["title"] for it in json.loads(await export(label="x"))] == ["Alpha"]
        assert [it["title"] for it in json.loads(await export(status="open"))] == ["Alpha"]
        assert json.loads(await export(search="gamma")) == []
        assert (await export("csv", search="gamma")).decode().startswith("oid,project_oid,title,")

    async def test_spreadsheets_of_several_tongues_are_understood(self, row, send, export, oid):
        file = f'\ufeffoid;project_oid;title\r\n;{oid("project", 1)};"Один; два"\r\n;;\r\n'
        answer = await send(file.encode())
        assert counts(answer) == (True, 1, 0, 0, 0), answer.text
        assert [it["title"] for it in json.loads(await export())] == ["Один; два"]

    async def test_the_number_of_statements_does_not_grow_with_the_file(self, row, send, export, database):
        statements = []
        event.listen(
            database._engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2])
        )
        used = []
        for count in (2, 200):
            statements.clear()
            rows = [row(f"{count} {number}", labels=["a"]) for number in range(count)]
            assert counts(await send(rows))[1] == count
            rows = [it | {"labels": ["b"]} for it in json.loads(await export(search=f"{count}"))]
            assert counts(await send(rows))[2] == count
            used.append(len(statements))
        assert used[1] <= used[0] + 4, statements


async def test_what_is_wrong_with_a_cell_is_said_in_words(idle_client, oid):
    file = f"oid,project_oid,title,labels\r\n,{oid('project', 1)}, Books ,a \r\n"
    query = {"format": "csv", "dry_run": True}
    report = (await idle_client.post("/api/tasks/import/", params=query, content=file, headers=CSV)).json()
    told = {it["column"]: it["detail"] for it in report["errors"]}
    words = "Not one line without blanks around it and control characters"
    assert told == {"title": f"Value error, {words}", "labels": f"Value error, {words}"}


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "Missing: oid, project_oid, title"),
        (b"oid,title\r\n", "Missing: project_oid"),
        (b"oid,project_oid,title,password\r\n", "Unknown: 1"),
        (b"oid,project_oid,title,title\r\n", "Repeated: title"),
        ("oid,project_oid,title\r\n,,Задача".encode("cp1251"), "UTF-8"),
        ("oid,project_oid,title\r\n".encode("utf-16"), "UTF-8"),
        (b'oid,project_oid,title\r\n,,"open', "well-formed"),
        (b'oid,project_oid,title\r\n,,"a"b\r\n', "well-formed"),
    ],
)
async def test_what_is_no_such_file_is_refused_as_a_whole(idle_client, file, says):
    answer = await idle_client.post("/api/tasks/import/?format=csv", content=file, headers=CSV)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert says in error["detail"]


async def test_files_of_another_kind_or_size_are_refused(idle_client):
    path = "/api/tasks/import/?format=csv"
    for headers in ({}, JSON, {"Content-Type": "application/vnd.ms-excel"}):
        assert (await idle_client.post(path, content=b"[]", headers=headers)).status_code == 415
    big = b"oid,project_oid,title\r\n" + b"\r\n" * 2_500_000
    assert (await idle_client.post(path, content=big, headers=CSV)).status_code == 413
    too_many = b"oid,project_oid,title\r\n" + b",,A task\r\n" * 5001
    assert (await idle_client.post(path, content=too_many, headers=CSV)).status_code == 413
    for rows in (b"{}", b"[", b"[NaN]", b"[" * 100_000, b'["\\ud800"]'):
        answer = await idle_client.post("/api/tasks/import/?format=json", content=rows, headers=JSON)
        assert answer.status_code == 422, rows[:10]
