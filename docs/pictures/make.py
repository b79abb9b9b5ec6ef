"""Takes the README's pictures, of a stack that the demo fills and that goes at the end: `make pictures`."""

# ruff: noqa: INP001, S603 - no package, and it runs only what is named here

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
# Beside whatever runs here, and in a state folder of its own.
OWN = {**os.environ, "LOCAL_STATE_DIR": ".local/pictures", "PORT_OFFSET": "22000", "KEEP": "1"}
STACK = (sys.executable, "-m", "local_stack")
MAX_BYTES = 200_000
WIDE = ViewportSize(width=1440, height=720)
TALL = ViewportSize(width=1100, height=840)


def main() -> int:
    if CHROMIUM is None:
        sys.stderr.write("Chromium is needed: apt-get install chromium\n")
        return 1
    with filled_stack() as variables, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(browser.new_page(locale="en-GB"), variables)
        browser.close()
    return 0


@contextmanager
def filled_stack() -> Iterator[Mapping[str, str]]:
    """A local stack with the demo's company; gives its variables, with ports and passwords."""
    try:
        subprocess.run([*STACK, "demo"], env=OWN, check=True)
        exports = subprocess.run([*STACK, "env"], env=OWN, check=True, capture_output=True, text=True).stdout
        words = (word for word in shlex.split(exports) if word != "export")
        yield dict(word.split("=", 1) for word in words)
    finally:
        subprocess.run([*STACK, "clean"], env=OWN, check=True)


def take(page: Page, variables: Mapping[str, str]) -> None:
    admin, tasks = (
        f"http://127.0.0.1:{variables[name]}" for name in ("USER_TEAM_PORT", "TASK_MEETING_API_PORT")
    )
    page.goto(f"{admin}/admin/")
    page.fill("[name=username]", variables["DJANGO_SUPERUSER_USERNAME"])
    page.fill("[name=password]", variables["DJANGO_SUPERUSER_PASSWORD"])
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#pipeline-health")
    shoot(page, "admin", WIDE)
    page.goto(f"{admin}/admin/teams/userassignment/?q=Customer")
    shoot(page, "assignments", WIDE)
    page.goto(f"{tasks}/docs")
    shoot(page, "api", TALL)


def shoot(page: Page, name: str, size: ViewportSize) -> None:
    """Save what the window shows as `name`.png, when everything in it has come."""
    page.set_viewport_size(size)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(path=HERE / f"{name}.png", animations="disabled")
    if len(picture) > MAX_BYTES:
        raise SystemExit(f"{name}.png has {len(picture)} bytes: more than {MAX_BYTES} make the README slow")


if __name__ == "__main__":
    sys.exit(main())
