"""Values that requests of several services are made of."""

import pytest
from pydantic import TypeAdapter, ValidationError

from service_kit.http.values import Instant

_INSTANT = TypeAdapter(Instant)


@pytest.mark.parametrize(
    "written", ["2026-11-21T10:00:00+03:00", "2026-11-21 07:00Z", "2026-11-21t07:00:00.0z"]
)
def test_a_time_with_its_zone_is_kept_in_utc(written):
    assert _INSTANT.validate_python(written).isoformat() == "2026-11-21T07:00:00+00:00"


@pytest.mark.parametrize("written", ["2026-11-21T10:00:00 03:00", "2026-11-21 10:00 0300"])
def test_who_lost_the_plus_of_a_zone_on_the_way_is_told_so(written):
    """A client that puts a time into a query as it is sends a blank."""
    with pytest.raises(ValidationError, match="%2B"):
        _INSTANT.validate_python(written)


@pytest.mark.parametrize(
    "written", ["2026-11-21", "2026-11-21 10:00", "2026-11-21T10:00:00", " 03:00", "x", 1, None]
)
def test_anything_else_is_told_what_a_time_looks_like(written):
    with pytest.raises(ValidationError, match="RFC 3339"):
        _INSTANT.validate_python(written)
