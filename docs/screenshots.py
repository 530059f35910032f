"""The pictures of the console in these pages: `python docs/screenshots.py` takes them anew.

A real endpoint with the demo's estate, real calls, the Chromium of this machine.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from tests.consoles import CHROMIUM, Served, demo_estate, served  # noqa: E402
from tests.e2e.console.conftest import ARGUMENTS  # noqa: E402
from tests.endpoints import ACCOUNT, attempt, zipped  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
FUNCTION: Final = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ProcessImages"
EXECUTER: Final = f"arn:aws:iam::{ACCOUNT}:user/lambda_executer"


def main() -> None:
    estate, keys = demo_estate()
    with tempfile.TemporaryDirectory() as folder, served(estate, keys, Path(folder)) as site:
        play(site)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            pictures(browser, site)
            browser.close()


def play(site: Served) -> None:
    """Some calls, most of them denied."""
    functions = site.client("admin", "lambda")
    functions.create_function(
        FunctionName="ProcessImages",
        Role=f"arn:aws:iam::{ACCOUNT}:role/ProcessImagesRole",
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": zipped("def handler(event, context):\n    return event\n")},
    )
    executer = site.client("lambda_executer", "lambda")
    reporter = site.client("reporter", "lambda")
    role = f"arn:aws:iam::{ACCOUNT}:role/image-auditor"
    attempt(site.client("lambda_executer", "iam").list_users)
    attempt(
        site.client("lambda_executer", "sts").assume_role, RoleArn=role, RoleSessionName="audit"
    )
    attempt(executer.list_functions)
    attempt(executer.get_function, FunctionName="ProcessImages")
    attempt(reporter.invoke, FunctionName=FUNCTION)
    attempt(executer.invoke, FunctionName="ProcessImages")


def pictures(browser: Browser, site: Served) -> None:
    """Take each."""
    page = browser.new_page(viewport={"width": 1280, "height": 760})
    page.goto(site.address)
    page.wait_for_selector(".call")
    page.get_by_text("All calls").click()
    page.wait_for_timeout(600)
    shoot(page, "console-denials")
    page.locator(".call", has_text="function:ProcessImages").first.click()
    page.wait_for_selector(".diff")
    page.set_viewport_size({"width": 1280, "height": 1040})
    page.evaluate("document.querySelector('.bar:has(.q-btn-toggle)').scrollIntoView()")
    page.wait_for_timeout(400)
    shoot(page, "console-denial")
    page.set_viewport_size({"width": 1280, "height": 760})
    actions = ("lambda:ListFunctions", "lambda:InvokeFunction", "lambda:GetFunction", "sts:Get*")
    asked = "&".join(f"action={action}" for action in actions)
    question = f"principal={EXECUTER}&{asked}&resource={FUNCTION}&resource=*"
    page.evaluate("localStorage.setItem('clearance-theme', 'dark')")
    page.goto(f"{site.url}/_clearance/simulator?{question}")
    page.wait_for_selector(".matrix")
    page.wait_for_timeout(600)
    shoot(page, "console-simulator")


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
