"""Takes the pictures of docs/mails.md: every kind of mail in every language, light and dark side by side.

Needs Chromium and the font Roboto (Debian: chromium, fonts-roboto-unhinted).
"""

# ruff: noqa: INP001 - no package

import sys
from base64 import b64decode, b64encode
from pathlib import Path

from make import CHROMIUM, FLAGS
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from notification.kinds import Kind
from notification.mail.preview.letters import samples, unsubscribe_url
from notification.mail.preview.worlds import WORLDS
from notification.mail.render import Renderer

FOLDER = Path(__file__).resolve().parent / "mails"
MAX_BYTES = 100_000
ONE = ViewportSize(width=640, height=320)
BOTH = ViewportSize(width=1280, height=320)
SCALE = 1.5
QUALITY = 80


class Camera:
    """Takes a mail as programs show it by day and by night."""

    def __init__(self, browser: Browser) -> None:
        self._faces = [
            browser.new_page(viewport=ONE, device_scale_factor=SCALE, color_scheme=scheme)
            for scheme in ("light", "dark")
        ]
        self._both = browser.new_page(viewport=BOTH, device_scale_factor=SCALE)
        self._tools = self._both.context.new_cdp_session(self._both)

    def take(self, html: str) -> bytes:
        images = "".join(self._image(page, html) for page in self._faces)
        self._both.set_content(f'<!doctype html><body style="display: flex; margin: 0">{images}</body>')
        height = self._both.evaluate("document.images[0].height")
        self._both.set_viewport_size({**BOTH, "height": height})
        # Playwright itself knows no WebP, which is a third of a PNG.
        shown = self._tools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        return b64decode(shown["data"])

    def _image(self, page: Page, html: str) -> str:
        page.set_content(html)
        shown = b64encode(page.screenshot(full_page=True)).decode()
        return f'<img width="{ONE["width"]}" src="data:image/png;base64,{shown}">'


def main() -> int:
    if CHROMIUM is None:
        sys.stderr.write("Chromium is needed: apt-get install chromium fonts-roboto-unhinted\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take_all(Camera(browser))
        browser.close()
    return 0


def take_all(camera: Camera) -> None:
    renderer = Renderer()
    for locale in WORLDS:
        letters = samples(locale)
        for kind in Kind:
            page = renderer.render(letters[kind], unsubscribe_url(letters[kind]))
            save(camera.take(page.html), f"{kind}.{locale}.webp")


def save(shown: bytes, name: str) -> None:
    if len(shown) > MAX_BYTES:
        raise SystemExit(f"{name} has {len(shown)} bytes: more than {MAX_BYTES} make the page slow")
    (FOLDER / name).write_bytes(shown)


if __name__ == "__main__":
    sys.exit(main())
