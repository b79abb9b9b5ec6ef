"""The API page in a real browser: it draws the API, and asks nobody but this server for anything."""

import asyncio
import shutil
import socket

import pytest
from playwright.async_api import async_playwright

from service_kit.health import Health
from service_kit.http import HttpServer, create_app

CHROMIUM = shutil.which("chromium")


@pytest.fixture
async def address():
    app = create_app(title="Things", version="1", health=Health())

    @app.get("/api/things/")
    async def things(number: int = 1) -> list[int]:
        return [number]

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = HttpServer(app, host="127.0.0.1", port=port, port_variable="TEST_PORT")
    task = asyncio.create_task(server.run())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await task


@pytest.fixture
async def page():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield await browser.new_page()
        await browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")
async def test_the_api_page_works_without_the_network(address, page):
    addresses, complaints = [], []
    page.on("request", lambda request: addresses.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    await page.goto(f"{address}/docs")
    await page.click(".opblock-summary")
    await page.click("text=Try it out")
    await page.click("text=Execute")
    await page.wait_for_selector(".live-responses-table >> text=200")

    assert complaints == []  # the Content-Security-Policy would complain here
    assert [it for it in addresses if not it.startswith((address, "data:"))] == []
    assert f"{address}/api/things/?number=1" in addresses
