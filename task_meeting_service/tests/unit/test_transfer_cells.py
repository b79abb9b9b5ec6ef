"""Cells of CSV files: no formulas, and nothing is lost on the way."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from task_meeting.service.transfer.cells import defused, from_cells, plain, to_cell

# Everything that PostgreSQL's text can hold.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
HARD_TEXTS = st.one_of(TEXTS, st.text("'=+-@\t\r\n ＝;,\"", max_size=6))


@given(HARD_TEXTS)
@example("'=1+1")
@example("''=1+1")
@example("'")
def test_what_is_defused_begins_no_formula_and_is_undone(text):
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert plain(defused(text)) == text


@given(HARD_TEXTS, HARD_TEXTS.filter(str.strip))
def test_a_row_survives_a_file(description, title):
    row = {"title": title, "description": description, "team_oid": None, "labels": ["-a", "b; c, d"]}
    file = io.StringIO(newline="")
    csv.writer(file).writerow(map(to_cell, row.values()))
    (cells,) = csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)
    assert from_cells(dict(zip(row, cells, strict=True))) == row


@pytest.mark.parametrize("column", ["oid", "project_oid", "status", "priority"])
def test_an_empty_cell_says_nothing_where_null_makes_no_sense(column):
    assert from_cells({column: ""}) == {}


def test_labels_have_a_line_each_whatever_ends_the_lines():
    assert from_cells({"labels": "a\r\nb\nc"}) == {"labels": ["a", "b", "c"]}
    assert from_cells({"labels": ""}) == {"labels": []}
