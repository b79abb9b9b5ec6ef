"""The issuer's public keys: fetched over HTTP, kept, and served stale while the issuer is away.

A token's `kid` is only looked up among keys that the issuer shows: it never becomes part of an address.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from service_kit import metrics
from service_kit.auth.jwk import fetch, public_keys
from service_kit.clock import Clock, SystemClock
from service_kit.health import NotReadyError

log = structlog.get_logger(__name__)
# How long a withdrawn key may still be accepted while the issuer can be asked.
REFRESH_S = 30.0
# Tokens with made-up keys must not make us ask for each of them; a new key waits this long at most.
ASK_AGAIN_S = 10.0
# While nothing can be checked at all.
COLD_ASK_AGAIN_S = 1.0
# How long keys are believed that nobody could confirm.
STALE_S = 24 * 3600.0
_NEVER = float("-inf")


class KeysAwayError(ConnectionError):
    """No keys are known and none can be had now: 503, as for everything else that is away."""


class KeySet:
    """Implements `service_kit.auth.tokens.Keys`, and is a part for `process.serve` that keeps them fresh."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._url = url
        self._clock = clock or SystemClock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        # For an unknown name: the rounds do not count, or the first token of a new key would wait for one.
        self._asked_s = _NEVER
        self._confirmed_s = _NEVER
        self._asking: asyncio.Task[None] | None = None
        self._failing = False
        self._stopped = asyncio.Event()
        for outcome in ("ok", "failed"):
            metrics.TOKEN_KEY_FETCHES.labels(outcome)

    async def find(self, kid: str) -> RSAPublicKey | None:
        """The key of this name; an unknown name is asked for, but not often.

        Raises:
            KeysAwayError: no keys are known and none can be had now.
        """
        if kid not in self._usable() and (self._asking or self._may_ask()):
            if self._asking is None:
                self._asked_s = self._clock.monotonic()
            await self.refresh()
        if not (keys := self._usable()):
            raise KeysAwayError
        return keys.get(kid)

    async def ready(self) -> None:
        """A check for readiness: raises while no token can be checked."""
        if not self._usable():
            raise NotReadyError("no keys of the issuer of tokens")

    async def refresh(self) -> None:
        """Ask the issuer, or wait for the answer if it is being asked. It never raises."""
        self._asking = self._asking or asyncio.create_task(self._ask())
        # Whoever else waits for the answer must not lose it with this caller.
        await asyncio.shield(self._asking)

    async def run(self) -> None:
        """Keep the keys fresh until `stop`."""
        refreshing = asyncio.create_task(self._refresh_for_ever())
        await self._stopped.wait()
        refreshing.cancel()
        with suppress(asyncio.CancelledError):
            await refreshing

    def stop(self) -> None:
        self._stopped.set()

    async def _refresh_for_ever(self) -> None:
        while True:
            await self.refresh()
            await self._clock.sleep(self._pause_s() if self._failing else REFRESH_S)

    def _usable(self) -> Mapping[str, RSAPublicKey]:
        return self._keys if self._clock.monotonic() - self._confirmed_s < STALE_S else {}

    def _may_ask(self) -> bool:
        return self._clock.monotonic() - self._asked_s >= self._pause_s()

    def _pause_s(self) -> float:
        return ASK_AGAIN_S if self._usable() else COLD_ASK_AGAIN_S

    async def _ask(self) -> None:
        try:
            keys = public_keys(await fetch(self._url))
        except Exception as error:  # noqa: BLE001 - whatever the answer is, the keys that we have stay
            self._failed(error)
        else:
            self._confirmed(keys)
        finally:
            self._asking = None

    def _failed(self, error: Exception) -> None:
        metrics.TOKEN_KEY_FETCHES.labels("failed").inc()
        if not self._failing:
            self._failing = True
            log.warning("token_keys_away", error=type(error).__name__, known=len(self._usable()))

    def _confirmed(self, keys: Mapping[str, RSAPublicKey]) -> None:
        metrics.TOKEN_KEY_FETCHES.labels("ok").inc()
        metrics.TOKEN_KEYS_CONFIRMED.set(self._clock.now().timestamp())
        if keys.keys() != self._keys.keys() or self._failing:
            log.info("token_keys_known", keys=sorted(keys))
        self._keys = keys
        self._confirmed_s = self._clock.monotonic()
        self._failing = False
