"""What tests stand on: a clock that is moved by hand, a broker in memory, an issuer of tokens.

They replace time, Kafka and the identity service where a test is about something else; the broker keeps the
same contract as real Kafka, and one suite (`service_kit/tests/conformance`) runs over both. PostgreSQL is
always real.
"""

from service_kit.testing.clock import ManualClock
from service_kit.testing.databases import TemplateDatabase
from service_kit.testing.identity import Identity
from service_kit.testing.memory import MemoryBroker, MemorySource

__all__ = ["Identity", "ManualClock", "MemoryBroker", "MemorySource", "TemplateDatabase"]
