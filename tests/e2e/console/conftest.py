"""One Chromium for all of these tests, and an endpoint whose console it looks at.

Playwright keeps an event loop running in the thread: it is stopped before other tests begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)
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


WINDOW: Final[ViewportSize] = {"width": 1280, "height": 800}


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


expect.set_options(timeout=20_000)  # machines that do much else at the same time


@pytest.fixture(scope="package")
def reader(browser: Browser, site: Served) -> Iterator[BrowserContext]:
    """Somebody who has signed in; what the browser keeps of the framework is loaded once."""
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        page.goto(site.address)
        page.wait_for_selector(".side")  # signed in
        page.close()
        yield context


@pytest.fixture
def page(reader: BrowserContext, site: Served) -> Iterator[Page]:
    """A page of the console; what goes wrong in the browser fails the test."""
    made = reader.new_page()
    made.set_default_timeout(30_000)
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            wrong.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((site.url, "data:", "blob:")):
            wrong.append(f"asked {request.url}")

    made.on("console", heard)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("request", asked)
    made.goto(f"{site.url}/_clearance/denials")
    made.wait_for_selector(".side")
    yield made
    made.evaluate("localStorage.clear()")
    made.close()
    assert wrong == []


@pytest.fixture(scope="package", autouse=True)
def _nothing_is_left_behind(site: Served) -> Iterator[None]:
    """The console keeps nothing in the folder it was started in, and nothing of it failed."""
    yield
    assert "Traceback" not in (site.folder / "log").read_text()
    assert {path.name for path in Path(site.folder).iterdir()} <= {"seed.json", "data", "log"}
