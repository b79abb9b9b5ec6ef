import asyncio

import httpx2
import pytest
from structlog.testing import capture_logs

from service_kit.health import Health, NotReadyError
from service_kit.http import worker_app

SECRET = "postgresql://user:hunter2@host"


@pytest.fixture
def health():
    return Health()


@pytest.fixture
async def client(health):
    transport = httpx2.ASGITransport(app=worker_app(health, title="worker"))
    async with httpx2.AsyncClient(transport=transport, base_url="http://10.0.0.1") as it:
        yield it


async def passes():
    pass


async def leaks():
    raise OSError(SECRET)


async def is_stuck():
    raise NotReadyError("no progress for 30 s")


async def test_ready_when_every_check_passes(health, client):
    health.register("database", passes)
    response = await client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok"}}


async def test_alive_but_stuck_is_not_ready_and_says_why(health, client):
    health.register("database", passes)
    health.register("consumer", is_stuck)
    response = await client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": "ok", "consumer": "no progress for 30 s"}
    assert (await client.get("/health/live")).json() == {"status": "ok", "checks": {}}


async def test_an_exceptions_text_is_logged_once_and_never_shown(health, client):
    health.register("database", leaks)
    with capture_logs() as logs:
        responses = [await client.get("/health/ready") for _ in range(3)]
    assert [response.json()["checks"]["database"] for response in responses] == ["failed"] * 3
    assert [entry["event"] for entry in logs].count("health_check_failed") == 1


async def test_a_check_that_hangs_is_given_up(health, client):
    health.register("kafka", asyncio.Event().wait, timeout_s=0.01)
    response = await client.get("/health/ready")
    assert response.json()["checks"] == {"kafka": "no answer within 0.01 s"}


async def test_metrics_are_served_and_api_pages_are_not(client):
    assert "python_info" in (await client.get("/metrics")).text
    assert (await client.get("/docs")).status_code == 404
    assert (await client.get("/openapi.json")).status_code == 404


async def test_a_scrape_asks_the_checks_anew(health, client):
    troubles = []

    async def check():
        if troubles:
            raise NotReadyError("stuck")

    health.register("changing", check)

    async def exported():
        lines = (await client.get("/metrics")).text.splitlines()
        return [line for line in lines if line.startswith('health_check_ok{check="changing"}')]

    assert await exported() == ['health_check_ok{check="changing"} 1.0']
    troubles.append("now")
    assert await exported() == ['health_check_ok{check="changing"} 0.0']
