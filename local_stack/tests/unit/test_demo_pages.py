"""What the demo's browser takes from a page is what a real one would send."""

import pytest

from local_stack.demo.errors import DemoError
from local_stack.demo.pages import read_page


def form(html):
    return read_page(f"<form action='/go' id='f'>{html}</form>").forms[0]


@pytest.mark.parametrize(
    ("control", "sent"),
    [
        ("<input name=a value=1>", {"a": ["1"]}),
        ("<input name=a>", {"a": [""]}),
        ("<input type=hidden name=a value='&lt;1&gt;'>", {"a": ["<1>"]}),
        ("<input type=checkbox name=a checked>", {"a": ["on"]}),
        ("<input type=checkbox name=a>", {}),
        ("<input type=radio name=a value=1><input type=radio name=a value=2 checked>", {"a": ["2"]}),
        ("<input name=a value=1 disabled>", {}),
        ("<input type=submit name=a value=1><button name=b>x</button>", {}),
        ("<textarea name=a>\nно\nтекст</textarea>", {"a": ["но\nтекст"]}),
        ("<textarea name=a></textarea>", {"a": [""]}),
        ("<select name=a><option value=1>x<option value=2 selected>y</select>", {"a": ["2"]}),
        ("<select name=a><option value=1>x<option value=2>y</select>", {"a": ["1"]}),
        ("<select name=a multiple><option value=1>x</select>", {"a": []}),
        ("<select name=a></select>", {"a": []}),
    ],
)
def test_a_control_is_sent_as_it_stands(control, sent):
    assert form(control).values == sent


def test_a_button_outside_belongs_to_the_form_that_it_names():
    page = read_page("<form id=f><input name=a></form><form><input name=b></form><button form=f name=_save>")
    assert page.form_with("_save") is page.forms[0]


def test_a_field_that_the_form_lacks_is_not_sent_silently():
    with pytest.raises(DemoError, match="no field 'b'"):
        form("<input name=a>").filled({"b": "1"})


def test_what_is_entered_replaces_what_was_there():
    assert form("<input name=a value=1><input name=b value=2>").filled({"a": "3"}) == {"a": ["3"], "b": ["2"]}


def test_a_box_can_be_unchecked():
    assert form("<input type=checkbox name=a checked><input name=b value=2>").filled({"a": None}) == {
        "b": ["2"]
    }


def test_complaints_are_read_with_all_that_is_in_them():
    page = read_page(
        "<ul class='errorlist x'><li>Taken.</li><li>Too <b>long</b>.</li></ul><ul><li>fine</li></ul>"
    )
    assert page.errors == ["Taken.Too long."]


def test_rows_tell_their_classes():
    page = read_page("<table><tr><th>a</th></tr><tr class='new odd'><td>b</td></tr></table>")
    assert page.row_classes == [[], ["new", "odd"]]
