"""Redriving: parked messages are applied again, in order, after what was wrong has been mended."""

from collections.abc import Iterable
from typing import NamedTuple

from service_kit.consumer import batch
from service_kit.consumer.offsets import OffsetStore
from service_kit.consumer.parking import Parked, ParkingLot
from service_kit.consumer.routes import Route
from service_kit.consumer.tables import ConsumerTables
from service_kit.db import Database, WriteSession
from service_kit.messages import TopicPartition


class RedriveReport(NamedTuple):
    """How many messages were applied, and which stay parked."""

    applied: int
    parked: list[Parked]


class Discarded(NamedTuple):
    """How many messages were given up, and how many that had waited behind them were applied."""

    discarded: int
    applied: int


class Redriver:
    """Works beside the running consumer: each partition's offset is locked meanwhile."""

    def __init__(
        self, database: Database, tables: ConsumerTables, routes: Iterable[Route], *, group: str
    ) -> None:
        self._database = database
        self._routes = {route.topic: route for route in routes}
        self._offsets = OffsetStore(tables, group)
        self._parking = ParkingLot(tables, group)

    async def parked(self) -> list[Parked]:
        """All parked messages, in order within a partition."""
        async with self._database.read() as session:
            places = await self._parking.places(session)
            return [entry for place in places for entry in await self._parking.read(session, place)]

    async def redrive(self, key: bytes | None = None) -> RedriveReport:
        """Apply what is parked, of all keys or of one; a partition a transaction.

        A key whose first message still fails stays parked whole, with the new reason.
        """
        async with self._database.read() as session:
            places = await self._parking.places(session, key)
        reports = [await self._redrive_place(place, key) for place in places]
        return RedriveReport(
            sum(report.applied for report in reports),
            [entry for report in reports for entry in report.parked],
        )

    async def discard(self, key: bytes | None) -> Discarded:
        """Give up the parked messages of a key that cannot be applied, for good; the others are applied.

        None: those that have no key.
        """
        async with self._database.read() as session:
            places = await self._parking.places(session, key)
        done = [await self._discard_place(place, key) for place in places]
        return Discarded(sum(part.discarded for part in done), sum(part.applied for part in done))

    async def _discard_place(self, place: TopicPartition, key: bytes | None) -> Discarded:
        async with self._database.transaction() as session:
            await self._offsets.lock(session, place)
            read = await self._parking.read(session, place, key)
            messages = [entry.message for entry in read if entry.message.key == key]
            entries = batch.decode(self._routes, messages)
            failed = 0
            while bad := await batch.apply_in_order(session, self._routes[place.topic], entries):
                entries = entries[len(entries) - len(bad) + 1 :]
                failed += 1
            await self._parking.remove(session, messages)
        return Discarded(failed, len(messages) - failed)

    async def _redrive_place(self, place: TopicPartition, key: bytes | None) -> RedriveReport:
        async with self._database.transaction() as session:
            await self._offsets.lock(session, place)
            entries = await self._parking.read(session, place, key)
            groups: dict[object, list[Parked]] = {}
            for entry in entries:
                # Messages without a key have nothing to do with each other.
                key_or_place = entry.message.offset if entry.message.key is None else entry.message.key
                groups.setdefault(key_or_place, []).append(entry)
            still = [entry for group in groups.values() for entry in await self._redrive_key(session, group)]
        return RedriveReport(len(entries) - len(still), still)

    async def _redrive_key(self, session: WriteSession, entries: list[Parked]) -> list[Parked]:
        messages = [entry.message for entry in entries]
        route = self._routes[messages[0].topic]
        failed = await batch.apply_in_order(session, route, batch.decode(self._routes, messages))
        if failed:
            await self._parking.explain(session, failed[0].message, failed[0].reason)
        kept = {entry.message.offset for entry in failed}
        await self._parking.remove(session, [message for message in messages if message.offset not in kept])
        return failed
