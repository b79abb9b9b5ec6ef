"""The admin as a person with a browser uses it: fetch a form, fill it in, send it with token and cookies."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping

import httpx2

from local_stack.demo.errors import DemoError
from local_stack.demo.pages import Form, Page, Values, read_page

Line = Mapping[str, str]

_CHANGE_PAGE = re.compile(r"/(\d+)/change/$")
_CSV = "0"
_IMPORT_KINDS = {"new", "update", "skip", "delete"}


class Admin:
    """One signed-in person. Models are named as in the admin's addresses: `teams/userassignment`."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        """`client` keeps the cookies; its base URL is the admin's server."""
        self._client = client

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in by the login page.

        Raises:
            DemoError: the name or the password is wrong.
        """
        path = "/admin/login/?next=/admin/"
        form = (await self._open(path)).form_with("password")
        await self._send(path, form.filled({"username": username, "password": password}))

    async def import_csv(self, model: str, name: str, content: str) -> Counter[str]:
        """Upload a file, read the report of its dry run, and confirm it.

        Returns:
            How many lines the report called new, update or skip.

        Raises:
            DemoError: the report complains; nothing was imported.
        """
        path = f"/admin/{model}/import/"
        form = (await self._open(path)).form_with("import_file")
        file = {"import_file": (name, content.encode(), "text/csv")}
        answer = await self._client.post(path, data=dict(form.filled({"format": _CSV})), files=file)
        report = _page(answer)
        if report.errors:
            raise DemoError(f"The import of {name} is refused: {'; '.join(report.errors)}")
        confirmation = report.form_with("import_file_name")
        await self._send(confirmation.action, confirmation.values)
        return Counter(classes[0] for classes in report.row_classes if _IMPORT_KINDS & set(classes[:1]))

    async def export_csv(self, model: str) -> list[Line]:
        """All rows of a model, as the export page gives them."""
        path = f"/admin/{model}/export/"
        form = (await self._open(path)).form_with("format")
        answer = await self._client.post(path, data=dict(form.filled({"format": _CSV})))
        _require(answer.headers["content-type"].startswith("text/csv"), answer)
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    async def choose(self, field: str, term: str, text: str) -> str:
        """Type `term` into an autocomplete field of the assignment's form and take the suggestion `text`.

        Returns:
            The id behind the suggestion.

        Raises:
            DemoError: there is not exactly one such suggestion.
        """
        of = {"app_label": "teams", "model_name": "userassignment", "field_name": field}
        answer = await self._client.get("/admin/autocomplete/", params={"term": term, **of})
        _require(answer.status_code == httpx2.codes.OK, answer)
        found = [choice["id"] for choice in answer.json()["results"] if choice["text"] == text]
        if len(found) != 1:
            raise DemoError(f"The admin suggests {len(found)} times {text!r} as {field}, for {term!r}")
        return str(found[0])

    async def give_password(self, number: int | str, password: str) -> None:
        """Let a person sign in, by the page that administrators reset passwords on."""
        path = f"/admin/users/user/{number}/password/"
        form = (await self._open(path)).form_with("password1")
        await self._send(path, form.filled({"password1": password, "password2": password}))

    async def open_add(self, model: str) -> "Editor":
        """The empty form of a model."""
        return await self._editor(f"/admin/{model}/add/", "_continue")

    async def open_change(self, model: str, number: int | str) -> "Editor":
        """The form of one row."""
        return await self._editor(f"/admin/{model}/{number}/change/", "_continue")

    async def open_delete(self, model: str, number: int | str) -> "Editor":
        """The page that asks whether one row is really to be deleted."""
        return await self._editor(f"/admin/{model}/{number}/delete/", "post")

    async def _editor(self, path: str, button: str) -> "Editor":
        return Editor(self, path, (await self._open(path)).form_with(button))

    async def save(self, path: str, values: Values) -> str:
        """Send a form; returns the address that the admin leads to next."""
        return await self._send(path, values)

    async def _open(self, path: str) -> Page:
        answer = await self._client.get(path)
        _require(answer.status_code == httpx2.codes.OK, answer)
        return _page(answer)

    async def _send(self, path: str, values: Values) -> str:
        answer = await self._client.post(path, data=dict(values))
        if not answer.is_redirect:
            complaints = _page(answer).errors or [f"HTTP {answer.status_code}"]
            raise DemoError(f"{path} is refused: {'; '.join(complaints)}")
        return answer.headers["location"]


class Editor:
    """An open form: what is saved is what it showed, except for the given fields."""

    def __init__(self, admin: Admin, path: str, form: Form) -> None:
        self._admin = admin
        self._path = path
        self._form = form

    async def save(self, changes: Mapping[str, str | None]) -> int | None:
        """Save, and stay on the page as "save and continue editing" does; None unchecks a box.

        Returns:
            The row's id, if there still is one.
        """
        button = "_continue" if "_continue" in self._form.names else "post"
        target = await self._admin.save(self._path, self._form.filled({**changes, button: "yes"}))
        number = _CHANGE_PAGE.search(target)
        return int(number[1]) if number else None


def _page(answer: httpx2.Response) -> Page:
    _require(answer.status_code == httpx2.codes.OK, answer)
    return read_page(answer.text)


def _require(condition: bool, answer: httpx2.Response) -> None:  # noqa: FBT001 (reads as an assertion)
    if not condition:
        where = f" to {answer.headers['location']}" if answer.is_redirect else ""
        raise DemoError(f"{answer.request.method} {answer.request.url}: HTTP {answer.status_code}{where}")
