"""The simulator: a question, its matrix, other policies, and a link that holds all of it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

from playwright.sync_api import Page, expect
from tests.consoles import Served
from tests.endpoints import ACCOUNT

EXECUTER = f"arn:aws:iam::{ACCOUNT}:user/lambda_executer"


def test_a_question_is_answered_while_it_is_written(page: Page, site: Served) -> None:
    page.keyboard.press("2")
    expect(page.get_by_role("heading", level=1)).to_have_text("Denials")
    page.keyboard.press("g")
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="Ask something")).to_be_visible()
    page.get_by_label("Principal").fill(EXECUTER)
    page.get_by_label("Action", exact=True).fill("lambda:ListFunctions")
    expect(page.locator("[data-layer=PRINCIPAL]")).to_contain_text("allows")
    page.get_by_label("Action", exact=True).press("Enter")
    page.get_by_label("Action 2", exact=True).fill("iam:getuser")
    expect(page.locator(".matrix tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Explain iam:GetUser on *").click()
    expect(page.locator("[data-layer=PRINCIPAL]")).to_contain_text("no Allow")

    page.get_by_role("checkbox", name="Use look-around").click()
    expect(page.locator(".matrix .badge.ok")).to_have_count(0)
    expect(page).to_have_url(re.compile("changes="))
    link = page.url
    page.goto(f"{site.url}/_clearance/denials")
    page.goto(link)
    expect(page.locator(".matrix .badge.bad")).to_have_count(2)
    expect(page.get_by_role("checkbox", name="Use look-around")).not_to_be_checked()


def test_a_policy_is_checked_while_it_is_written(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/_clearance/simulator?principal={EXECUTER}&action=lambda:ListFunctions")
    page.get_by_role("button", name="Edit look-around").click()
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(
        '{"Version": "2012-10-17", "Statement": '
        '[{"Effect": "Allow", "Action": "lambda:ListFunctionz", "Resource": "*"}]}'
    )
    expect(page.locator(".findings")).to_contain_text("there is no action `lambda:ListFunctionz`")
    expect(page.locator(".cm-content .finding.error")).to_contain_text("lambda:ListFunctionz")
    expect(page.locator("[data-layer=PRINCIPAL]")).to_contain_text("no Allow")


def test_the_command_says_the_same(page: Page, site: Served) -> None:
    query = f"principal={EXECUTER}&action=lambda:ListFunctions&context=aws:SourceIp%3D203.0.113.7"
    page.goto(f"{site.url}/_clearance/simulator?{query}")
    page.get_by_text("Share", exact=True).click()
    command = page.locator(".q-expansion-item .code code").first.inner_text()
    words = shlex.split(command)
    assert words[:2] == ["clearance", "check"]
    asked = [sys.executable, "-m", *words]
    done = subprocess.run(asked, cwd=site.folder, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("ALLOWED lambda:ListFunctions")
    assert done.returncode == 0


def test_a_link_that_was_cut_is_said_to_be(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/_clearance/simulator?principal={EXECUTER}&changes=cut")
    expect(page.get_by_text("The changes in this link cannot be read")).to_be_visible()
