"""How long what Kafka carries may be: longer than any source can hold, short enough to index and to mail."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(max_length=500)]
Word = Annotated[str, Meta(max_length=100)]
Url = Annotated[str, Meta(max_length=4000)]
Text = Annotated[str, Meta(max_length=100_000)]
Rule = Annotated[str, Meta(max_length=2000)]
CalendarObject = Annotated[str, Meta(max_length=1_000_000)]
Time = Annotated[datetime, Meta(tz=True)]
