"""The forms that all subjects share."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

Row = Mapping[str, Any] | RowMapping
# All that a mail says, as JSON.
Payload = dict[str, Any]
