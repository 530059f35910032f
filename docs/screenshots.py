"""The pictures of the console in these pages: `python docs/screenshots.py` takes them anew.

A real endpoint with the demo's estate, real calls, the Chromium of this machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from tests.consoles import CHROMIUM, Served, demo_estate, served  # noqa: E402
from tests.e2e.console.conftest import ARGUMENTS  # noqa: E402
from tests.endpoints import ACCOUNT, allow, attempt, zipped  # noqa: E402

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


def change(site: Served) -> None:
    """A policy with two versions, a chain of roles, permissions that come and go."""
    iam = site.client("admin", "iam")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/ImageReaders"
    iam.create_policy(PolicyName="ImageReaders", PolicyDocument=allow("lambda:Get*", FUNCTION))
    wider = json.loads(allow("lambda:Get*", FUNCTION))
    wider["Statement"].append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"})
    text = json.dumps(wider)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    iam.attach_user_policy(UserName="lambda_executer", PolicyArn=arn)
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/image-auditor"},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName="deployer", PolicyName="all", PolicyDocument=allow("lambda:*"))
    named = {"RoleName": "image-auditor", "PolicyName": "up"}
    iam.put_role_policy(**named, PolicyDocument=allow("sts:AssumeRole"))
    named = {"UserName": "lambda_executer", "PolicyName": "invoke"}
    iam.put_user_policy(**named, PolicyDocument=allow("lambda:InvokeFunction", FUNCTION))
    executer = site.client("lambda_executer", "lambda")
    for _ in range(7):
        executer.get_function(FunctionName="ProcessImages")
    iam.put_user_policy(**named, PolicyDocument=allow("lambda:InvokeFunction", f"{FUNCTION}:LIVE"))


def browse(page: Page, site: Served) -> None:
    """The pages that need changes to have been made."""
    home = f"{site.url}/_clearance"
    asked = f"principal={EXECUTER}&action=lambda:InvokeFunction&resource={FUNCTION}"
    policy = f"arn:aws:iam::{ACCOUNT}:policy/ImageReaders"
    for name, path, ready in (
        ("access", f"access?resource={FUNCTION}&through=1", "tr[data-row]"),
        ("roles", "access?view=roles", ".graph"),
        ("policies", f"policies?open={policy}", ".document"),
        ("history", f"history?view=travel&{asked}", ".travel .badge"),
    ):
        page.goto(f"{home}/{path}")
        page.wait_for_selector(ready)
        page.wait_for_timeout(400)
        shoot(page, f"console-{name}")
    page.goto(f"{home}/replay")
    field = page.get_by_label("Which policy")
    field.fill(policy)
    field.press("Tab")
    page.locator(".cm-content", has_text="PassRole").wait_for()
    page.locator(".cm-content").fill(allow("lambda:ListFunctions"))
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Replay", exact=True).click()
    page.wait_for_selector(".bars")
    page.get_by_role("button", name="Replay", exact=True).scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.banner.bad').scrollIntoView()")
    page.wait_for_timeout(400)
    shoot(page, "console-replay")


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
    page.evaluate("localStorage.setItem('clearance-theme', 'light')")
    change(site)
    browse(page, site)


def shoot(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
