"""What Connect answers while something is wrong with it becomes words, never a traceback."""

import httpx2
import pytest

from connector.errors import ConnectorError
from connector.rest import Connect

STARTING = "Request timed out. The worker is currently starting up."


def worker(answer: httpx2.Response) -> Connect:
    transport = httpx2.MockTransport(lambda _request: answer)
    return Connect(httpx2.AsyncClient(base_url="http://connect", transport=transport))


async def test_a_worker_that_is_starting_is_explained() -> None:
    answer = httpx2.Response(500, json={"error_code": 500, "message": STARTING})
    with pytest.raises(ConnectorError, match=r"refuses GET /connectors/one/status: .*starting up"):
        await worker(answer).status("one")


async def test_what_is_no_connect_is_explained() -> None:
    """CONNECT_URL may be somebody else's."""
    page = worker(httpx2.Response(200, content=b"<html>Welcome</html>"))
    with pytest.raises(ConnectorError, match=r"GET /connectors/one/status: .* CONNECT_URL"):
        await page.status("one")
    with pytest.raises(ConnectorError, match=r"GET /connector-plugins: .* CONNECT_URL"):
        await page.plugins()


async def test_a_connector_that_is_not_there_has_no_state() -> None:
    assert (
        await worker(httpx2.Response(404, json={"error_code": 404, "message": "none"})).status("one") is None
    )
