"""Denials: watched live, explained, fixed through the API, and shown safely."""

from __future__ import annotations

import json
from typing import Final

from botocore.awsrequest import AWSRequest
from playwright.sync_api import Page, expect
from tests.consoles import Served, until
from tests.endpoints import ACCOUNT, allow, attempt

HOSTILE: Final = "<img src=x onerror='window.hacked=1'>${window.hacked=2}`{{window.hacked=3}}"


def test_calls_appear_while_one_watches(page: Page, site: Served) -> None:
    wanda = site.client(site.person("wanda"), "iam")
    attempt(wanda.list_users)
    line = page.get_by_role("listitem").filter(has_text="user/wanda").first
    expect(line).to_contain_text("iam:ListUsers")
    expect(line).to_contain_text("Denied")
    expect(line).to_contain_text("no identity-based policy allows")
    attempt(wanda.list_roles)
    expect(page.get_by_role("listitem").filter(has_text="iam:ListRoles").first).to_be_visible()
    page.get_by_label("Filter the calls").fill("wanda listroles")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_label("Filter the calls").fill("nobody did this")
    expect(page.get_by_role("heading", name="No call fits")).to_be_visible()


def test_a_denial_is_explained_fixed_and_asked_again(page: Page, site: Served) -> None:
    vera = site.client(site.person("vera", allow("iam:GetRole", "*")), "iam")
    assert attempt(vera.get_user, UserName="vera").code == "AccessDenied"
    line = page.get_by_role("listitem").filter(has_text="user/vera").first

    def go() -> None:
        line.get_by_role("link").focus()
        for key in ("ArrowDown", "ArrowUp", "Enter"):
            page.keyboard.press(key)

    until(page.locator(".because"), go)
    expect(page.locator(".because").first).to_contain_text("No identity policy of")
    identity = page.locator("[data-layer=PRINCIPAL]")
    expect(identity).to_contain_text("no Allow")
    expect(identity).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".code li.near").first).to_be_visible()
    expect(page.locator(".said").first).to_have_text("the request has Action iam:GetUser")
    expect(page.locator(".diff .plus").first).to_be_visible()

    page.get_by_role("button", name="Apply and retry").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("iam.put_user_policy")
    page.get_by_role("button", name="Cancel").click()
    assert attempt(vera.get_user, UserName="vera").code == "AccessDenied"
    page.get_by_role("button", name="Apply and retry").first.click()
    page.get_by_role("button", name="Apply", exact=True).click()

    expect(page.get_by_text("Asked again, the same request is allowed")).to_be_visible()
    expect(identity).to_contain_text("allows")
    assert vera.get_user(UserName="vera")["User"]["UserName"] == "vera"
    trail = site.client("admin", "cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutUserPolicy"}]
    )
    last = json.loads(trail["Events"][0]["CloudTrailEvent"])
    assert last["userAgent"].startswith("clearance-console/")
    assert last["userIdentity"]["arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_what_the_console_does_may_be_denied(page: Page, site: Served) -> None:
    """It acts as somebody, with what that somebody may do."""
    weak = site.client(site.person("weak"), "iam")
    attempt(weak.get_user, UserName="weak")
    line = page.get_by_role("listitem").filter(has_text="user/weak").first
    until(page.get_by_role("button", name="Apply and retry"), line.click)
    page.get_by_role("button", name="Apply and retry").first.click()
    page.get_by_role("combobox").click()
    page.get_by_role("option", name=f"arn:aws:iam::{ACCOUNT}:user/weak").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("AccessDenied: User:")).to_be_visible()
    expect(page.get_by_text("iam:PutUserPolicy").first).to_be_visible()


def test_hostile_names_are_text(page: Page, site: Served) -> None:
    condition = {"StringEquals": {"aws:Referer": "</script>"}}
    document = allow("s3:GetObject", f"arn:aws:s3:::bucket/{HOSTILE}?", Condition=condition)
    who = site.person("mallory", document)
    s3 = site.client(who, "s3")

    def dress(request: AWSRequest, **_: object) -> None:
        request.headers.replace_header("User-Agent", HOSTILE)

    s3.meta.events.register("before-sign.s3", dress)
    attempt(s3.get_object, Bucket="bucket", Key=HOSTILE)
    line = page.get_by_role("listitem").filter(has_text="user/mallory").first
    expect(line).to_contain_text(HOSTILE)
    until(page.locator(".facts"), line.click)
    expect(page.locator(".facts")).to_contain_text(HOSTILE)
    expect(page.locator(".policy").first).to_contain_text("</script>")
    page.get_by_text("Audit event").click()
    expect(page.locator(".code").last).to_contain_text(HOSTILE[:20])
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_denial_that_is_not_there(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/_clearance/denials?event={HOSTILE}")
    expect(page.get_by_role("alert")).to_contain_text("No such call")
