"""What tests stand on: a clock that is moved by hand, and a broker in memory.

They replace time and Kafka where a test is about something else; the broker keeps the same contract
as real Kafka, and one suite (`service_kit/tests/conformance`) runs over both. PostgreSQL is always real.
"""

from service_kit.testing.clock import ManualClock
from service_kit.testing.databases import TemplateDatabase
from service_kit.testing.memory import MemoryBroker, MemorySource

__all__ = ["ManualClock", "MemoryBroker", "MemorySource", "TemplateDatabase"]
