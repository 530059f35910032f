"""Replay: a change against the endpoint's own trail and against uploaded files."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.batch.events import event
from tests.consoles import Served, until
from tests.endpoints import ACCOUNT, allow

EVIL = "<img src=x onerror='window.hacked=1'>{{window.hacked=2}}"


def test_a_policy_is_changed_against_the_trail(page: Page, site: Served) -> None:
    uma = site.client(site.person("uma", allow("iam:GetUser", "*")), "iam")
    uma.get_user()
    page.goto(f"{site.url}/_clearance/replay")
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Say which policy")
    field = page.get_by_label("Which policy")
    field.fill(f"arn:aws:iam::{ACCOUNT}:user/uma#p0")
    field.press("Tab")
    expect(page.locator(".cm-content")).to_contain_text("iam:GetUser")
    page.locator(".cm-content").fill(allow("iam:ListUsers", "*"))
    expect(page.get_by_text("Nothing to say about this document")).to_be_visible()
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text("1 recorded call would have been denied")).to_be_visible()
    expect(page.get_by_role("list", name="What would break, by action")).to_contain_text(
        "iam:GetUser"
    )
    broken = page.locator("tr[data-row]")
    until(page.get_by_role("dialog"), lambda: broken.press("Enter"))
    expect(page.get_by_role("dialog")).to_contain_text("no statement of p0 allows it")
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML report").click()
    assert "iam:GetUser" in Path(download.value.path()).read_text()
    assert uma.get_user()["User"]["UserName"] == "uma"  # nothing was changed


def test_uploaded_logs_are_hostile_and_shown_as_text(
    page: Page, site: Served, tmp_path: Path
) -> None:
    who = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/{EVIL}", "accountId": ACCOUNT}
    auditor = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/auditor"}
    more = {"recipientAccountId": ACCOUNT, "errorCode": "AccessDenied"}
    calls = [
        event(who, "sqs", "ListQueues", userAgent=EVIL, **more),
        event(who, "sqs", EVIL, **more),
        event(auditor, "s3", "GetObject", {"bucketName": "b", "key": EVIL}, **more),
    ]
    file = tmp_path / f"{'x' * 20}.json"
    file.write_text(json.dumps({"Records": calls}))
    page.goto(f"{site.url}/_clearance/replay")
    page.get_by_role("button", name="Upload").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("1 file,")).to_be_visible()
    page.get_by_role("button", name="Add a policy").click()
    field = page.get_by_label("To whom")
    field.fill(f"arn:aws:iam::{ACCOUNT}:user/auditor")
    field.press("Tab")
    page.locator(".cm-content").fill(allow("s3:GetObject", "*"))
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text("No recorded call would have been denied")).to_be_visible()
    row = page.locator("tr[data-row]").filter(has_text="newly allowed")
    expect(row).to_contain_text(EVIL)
    until(page.get_by_role("dialog"), row.click)
    expect(page.get_by_role("dialog")).to_contain_text(EVIL)
    assert page.evaluate("window.hacked") is None
