"""What every table of this service shares, and the tables that the kit brings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid
from sqlalchemy.orm import DeclarativeBase

from service_kit import outbox
from service_kit.consumer import tables
from service_kit.db import metadata
from service_kit.http import idempotency


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        int: BigInteger,
        UUID: Uuid,
        datetime: DateTime(timezone=True),
    }


CONSUMER_TABLES = tables.define(Base.metadata)
OUTBOX = outbox.define(Base.metadata)
IDEMPOTENCY_KEYS = idempotency.define(Base.metadata)
