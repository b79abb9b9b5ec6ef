"""Clients get the form of an answer that they like best."""

from time import process_time

import pytest

from service_kit.http.accept import choose

OFFERS = ("application/json", "text/html", "text/plain")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/html"),
        ("TEXT/Plain", "text/plain"),
        ("text/html;level=1;q=0.2, text/plain;q=0.3", "text/plain"),
        ("*/*, application/json;q=0.5, text/html;q=0", "text/plain"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("image/png", "application/json"),
        (";;,, q=1", "application/json"),
    ],
)
def test_the_most_specific_range_and_then_the_best_form_decides(accept, chosen):
    assert choose(accept, OFFERS) == chosen


@pytest.mark.parametrize("header", ["," + " " * 16_000 + ";", ";" + "\t" * 16_000, "a;" + " " * 16_000 + "q"])
def test_blanks_are_gone_through_once(header):
    """As many as a request's headers may have took three seconds, in which nobody else was served."""
    begun = process_time()
    assert choose(header, OFFERS) == OFFERS[0]
    assert process_time() - begun < 0.5
