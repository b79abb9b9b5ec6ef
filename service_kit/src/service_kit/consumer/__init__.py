"""The consumer engine: see `engine.Consumer` for its guarantees."""

from service_kit.consumer.engine import Consumer
from service_kit.consumer.options import ConsumerOptions
from service_kit.consumer.redrive import Redriver, RedriveReport
from service_kit.consumer.reposition import Repositioner
from service_kit.consumer.routes import Route
from service_kit.consumer.source import Bounds, MessageSource, OffsetGapError
from service_kit.consumer.tables import ConsumerTables, define

__all__ = [
    "Bounds",
    "Consumer",
    "ConsumerOptions",
    "ConsumerTables",
    "MessageSource",
    "OffsetGapError",
    "RedriveReport",
    "Redriver",
    "Repositioner",
    "Route",
    "define",
]
