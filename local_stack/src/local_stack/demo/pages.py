"""What a browser takes from an HTML page: its forms with their fields, its table rows, its complaints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from local_stack.demo.errors import DemoError

Values = Mapping[str, Sequence[str]]

_BUTTONS = {"submit", "button", "reset", "image"}
_UNCHECKED = {"checkbox", "radio"}
# Django's and the theme's ways to mark what is wrong with a form.
_ERROR_CLASSES = ({"errornote"}, {"errorlist"}, {"text-red-600", "text-xs"})


@dataclass(slots=True)
class Form:
    """A form as it was served. `values` are the fields that a browser would send, buttons and files apart."""

    action: str = ""
    names: set[str] = field(default_factory=set)
    values: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, changes: Mapping[str, str | None]) -> Values:
        """What is sent when somebody enters `changes` and leaves the rest as it is; None unchecks a box.

        Raises:
            DemoError: the form has no such field.
        """
        for name in changes:
            if name not in self.names:
                raise DemoError(f"The form has no field {name!r}, only {sorted(self.names)}")
        kept = {name: values for name, values in self.values.items() if name not in changes}
        return kept | {name: [value] for name, value in changes.items() if value is not None}


@dataclass(slots=True)
class Page:
    """What the demo looks at. `row_classes` has the class names of each table row, in their order."""

    forms: list[Form] = field(default_factory=list)
    row_classes: list[list[str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def form_with(self, name: str) -> Form:
        """The form that has a field of this name.

        Raises:
            DemoError: there is none.
        """
        for form in self.forms:
            if name in form.names:
                return form
        raise DemoError(f"The page has no form with a field {name!r}")


def read_page(html: str) -> Page:
    """Parse a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """Collects a `Page`; successful controls are those of the HTML standard, 4.10.22.4."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._select: _Select | None = None
        self._textarea: str | None = None
        self._error: _Error | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._look_for_error(tag, given)
        if tag == "tr":
            self.page.row_classes.append(given.get("class", "").split())
        elif tag == "form":
            self._form = self._by_id[given.get("id", "")] = Form(given.get("action", ""))
            self.page.forms.append(self._form)
        elif (form := self._owner(given)) is not None and "disabled" not in given:
            self._control(form, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._form is not None and self._select is not None:
            self._form.values[self._select.name] = self._select.chosen
            self._select = None
        elif tag == "textarea":
            self._textarea = None
        if self._error is not None and self._error.ends(tag):
            self.page.errors.append(" ".join(self._error.text.split()))
            self._error = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea is not None:
            # The standard drops a line break right after the tag.
            self._form.values[self._textarea] = [data.removeprefix("\n")]
        if self._error is not None:
            self._error.text += data

    def _owner(self, given: Mapping[str, str]) -> Form | None:
        """The form around a control, or the one before it that it names."""
        return self._by_id.get(given["form"]) if "form" in given else self._form

    def _control(self, form: Form, tag: str, given: Mapping[str, str]) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select is not None:
            self._select.offer(given)
        if not name:
            return
        form.names.add(name)
        if tag == "input":
            _input(form, name, given)
        elif tag == "select":
            self._select = _Select(name, multiple="multiple" in given)
        elif tag == "textarea":
            self._textarea = name
            form.values[name] = [""]

    def _look_for_error(self, tag: str, given: Mapping[str, str]) -> None:
        if self._error is not None:
            self._error.begins(tag)
        elif any(classes <= set(given.get("class", "").split()) for classes in _ERROR_CLASSES):
            self._error = _Error(tag)


def _input(form: Form, name: str, given: Mapping[str, str]) -> None:
    kind = given.get("type", "text")
    if kind in _BUTTONS or kind == "file" or (kind in _UNCHECKED and "checked" not in given):
        return
    form.values.setdefault(name, []).append(given.get("value", "on" if kind in _UNCHECKED else ""))


@dataclass(slots=True)
class _Select:
    name: str
    multiple: bool
    offered: list[str] = field(default_factory=list)
    selected: list[str] = field(default_factory=list)

    def offer(self, given: Mapping[str, str]) -> None:
        (self.selected if "selected" in given else self.offered).append(given.get("value", ""))

    @property
    def chosen(self) -> list[str]:
        """A list of one choice always has one: the first, if none is selected."""
        return self.selected if self.selected or self.multiple else self.offered[:1]


@dataclass(slots=True)
class _Error:
    tag: str
    depth: int = 1
    text: str = ""

    def begins(self, tag: str) -> None:
        self.depth += tag == self.tag

    def ends(self, tag: str) -> bool:
        self.depth -= tag == self.tag
        return self.depth == 0
