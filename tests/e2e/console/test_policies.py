"""Policies: found, read with their findings, compared by meaning and by text."""

from __future__ import annotations

import json
from typing import Final

from playwright.sync_api import Page, expect
from tests.consoles import Served, until
from tests.endpoints import ACCOUNT

EVIL: Final = "<img src=x onerror='window.hacked=1'>{{window.hacked=2}}\"'<b>"


def document(*statements: tuple[str, str]) -> str:
    allowed = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def test_versions_are_compared_by_meaning_and_by_text(page: Page, site: Served) -> None:
    iam = site.client("admin", "iam")
    made = iam.create_policy(
        PolicyName="Readers", PolicyDocument=document(("s3:GetObject", "arn:aws:s3:::a/*"))
    )
    wider = document(("s3:GetObject", "arn:aws:s3:::a/*"), ("iam:PassRole", "*"))
    iam.create_policy_version(
        PolicyArn=made["Policy"]["Arn"], PolicyDocument=wider, SetAsDefault=True
    )
    page.goto(f"{site.url}/_clearance/policies?kind=managed")
    page.get_by_label("Search the list").fill("passrole")
    expect(page.get_by_text("1 found")).to_be_visible()
    line = page.get_by_role("listitem").filter(has_text="Readers")
    until(page.get_by_text("1 security warning"), line.click)
    expect(page.locator(".said")).to_contain_text("any role may be passed")
    page.get_by_role("link", name="Compare with v1").click()
    newly = page.locator(".meaning").filter(has_text="Newly allowed")
    expect(newly.locator(".proof")).to_contain_text("iam:PassRole")
    expect(page.locator(".meaning").nth(1)).to_contain_text("nothing (proven)")
    expect(page.locator(".diff .plus").first).to_be_visible()
    page.get_by_role("link", name="Swap").click()
    expect(page.locator(".meaning").filter(has_text="No longer")).to_contain_text("iam:PassRole")


def test_hostile_texts_are_shown_as_texts(page: Page, site: Served) -> None:
    iam = site.client("admin", "iam")
    iam.create_role(
        RoleName="evil",
        Description=EVIL,
        AssumeRolePolicyDocument=document(("sts:AssumeRole", "*")).replace(
            '"Resource": "*"', f'"Principal": {{"AWS": "{ACCOUNT}"}}'
        ),
    )
    iam.put_role_policy(
        RoleName="evil",
        PolicyName="p",
        PolicyDocument=document(("s3:GetObject", f"arn:aws:s3:::{EVIL}")),
    )
    page.goto(f"{site.url}/_clearance/policies?kind=roles&search=onerror")
    expect(page.get_by_role("listitem")).to_contain_text(EVIL)
    until(page.get_by_text(EVIL, exact=True), page.get_by_role("listitem").click)
    expect(page.locator(".code")).to_have_count(2)
    page.goto(f"{site.url}/_clearance/policies?open={'%3Cimg src=x onerror=window.hacked=1%3E'}")
    expect(page.get_by_role("alert")).to_contain_text("<img")
    assert page.evaluate("window.hacked") is None


def test_nothing_found_says_so(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/_clearance/policies?kind=groups")
    expect(page.get_by_role("heading", name="No groups")).to_be_visible()
    page.goto(f"{site.url}/_clearance/policies?kind=users")
    page.get_by_label("Search the list").fill("zzz")
    expect(page.get_by_role("heading", name="No user fits")).to_be_visible()
