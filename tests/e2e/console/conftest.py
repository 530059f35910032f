"""One Chromium for all of these tests, and an endpoint whose console it looks at.

Playwright keeps an event loop running in the thread: it is stopped before other tests begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from tests.consoles import CHROMIUM, Served, demo_estate, served

ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo's estate, served; tests that change it must not step on each other's people."""
    estate, keys = demo_estate()
    with served(estate, keys, tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, site: Served) -> Iterator[Page]:
    """A signed-in page; what goes wrong in the browser fails the test."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        made = context.new_page()
        made.set_default_timeout(10_000)
        made.goto(site.address)
        made.wait_for_selector(".side")  # signed in
        wrong: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                wrong.append(message.text)

        made.on("console", heard)
        made.on("pageerror", lambda error: wrong.append(str(error)))
        made.on(
            "request",
            lambda asked: (
                wrong.append(f"asked {asked.url}")
                if not asked.url.startswith((site.url, "data:", "blob:"))
                else None
            ),
        )
        yield made
        assert wrong == []


@pytest.fixture(scope="package", autouse=True)
def _nothing_is_left_behind(site: Served) -> Iterator[None]:
    """The console keeps nothing in the folder it was started in."""
    yield
    assert {path.name for path in Path(site.folder).iterdir()} <= {"seed.json", "data", "log"}
