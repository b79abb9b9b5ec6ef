"""Takes the README's pictures of a running local stack that the demo has filled: see `make pictures`."""  # noqa: INP001

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

HERE = Path(__file__).resolve().parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
MAX_BYTES = 200_000
WIDE = ViewportSize(width=1440, height=720)
MAIL = ViewportSize(width=1280, height=720)
TALL = ViewportSize(width=1100, height=840)


def main() -> int:
    if CHROMIUM is None:
        sys.stderr.write("Chromium is needed: apt-get install chromium\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(locale="en-GB")
        sign_in(page)
        shoot(page, "admin", WIDE)
        page.goto(address("USER_TEAM_PORT", "/admin/teams/userassignment/?q=Customer"))
        shoot(page, "assignments", WIDE)
        page.goto(address("TASK_MEETING_API_PORT", "/docs"))
        shoot(page, "api", TALL)
        page.goto(address("MAIL_UI_PORT", "/"))
        page.get_by_text("Your assignment has changed").first.click()
        shoot(page, "mail", MAIL)
        browser.close()
    return 0


def address(port_variable: str, path: str) -> str:
    """A page of the stack, whose variables `python -m local_stack run` has put into the environment."""
    return f"http://127.0.0.1:{os.environ[port_variable]}{path}"


def sign_in(page: Page) -> None:
    page.goto(address("USER_TEAM_PORT", "/admin/"))
    page.fill("[name=username]", os.environ["DJANGO_SUPERUSER_USERNAME"])
    page.fill("[name=password]", os.environ["DJANGO_SUPERUSER_PASSWORD"])
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#pipeline-health")


def shoot(page: Page, name: str, size: ViewportSize) -> None:
    """Save what the window shows as `name`.png, when everything in it has come."""
    page.set_viewport_size(size)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(path=HERE / f"{name}.png", animations="disabled")
    if len(picture) > MAX_BYTES:
        raise SystemExit(f"{name}.png has {len(picture)} bytes: more than {MAX_BYTES} make the README slow")


if __name__ == "__main__":
    sys.exit(main())
