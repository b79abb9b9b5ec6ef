"""The connector, as an operator handles it: by Connect's REST and the source's replication slot."""

import httpx2

from connector import definition
from harness.database import Sql
from harness.target import Target
from harness.waiting import until


class Capture:
    """The registered connector of a stack."""

    def __init__(self, stack: Target) -> None:
        self._definition = definition.load()
        self._url = f"{stack.connect_url}/connectors/{self._definition.name}"
        self._superuser = Sql(stack.dsn(stack.variables["USER_TEAM_DB_NAME"]))

    def stop(self) -> None:
        """Until `resume`, nobody reads the log."""
        self._call("PUT", "stop")
        until(lambda: self._call("GET", "status")["connector"]["state"] == "STOPPED", "the connector stops")

    def resume(self) -> None:
        self._call("PUT", "resume")

    def forget_position(self) -> None:
        """Delete the connector's own note of how far it came: it begins with a snapshot again."""
        self._call("DELETE", "offsets")

    def drop_slot(self) -> None:
        """Lose what the source was keeping for the connector. The superuser's right, or an accident's."""
        query = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
        self._superuser.run(query, [self._definition.config["slot.name"]])

    def close(self) -> None:
        self._superuser.close()

    def _call(self, method: str, what: str):
        response = httpx2.request(method, f"{self._url}/{what}", timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None
