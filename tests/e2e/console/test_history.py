"""History: who changed what and its effect, the trail, a decision at any moment."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Page, expect
from tests.consoles import Served, until
from tests.endpoints import ACCOUNT, allow, attempt

ZOE = f"arn:aws:iam::{ACCOUNT}:user/zoe"


def test_a_change_its_effect_and_the_moment_before(page: Page, site: Served) -> None:
    wide, narrow = (allow("s3:GetObject", f"arn:aws:s3:::photos/{to}*") for to in ("", "public/"))
    site.person("zoe", wide)
    iam = site.client("admin", "iam")
    iam.put_user_policy(UserName="zoe", PolicyName="p0", PolicyDocument=narrow)

    page.goto(f"{site.url}/_clearance/history?resource=zoe&operation=PutUserPolicy")
    expect(page.get_by_role("listitem")).to_have_count(2)
    link = page.get_by_role("listitem").first.get_by_role("link")
    until(page.locator(".diff .minus"), lambda: link.press("Enter"))
    expect(page.locator(".diff .minus")).to_contain_text("photos/*")
    expect(page.locator(".diff .plus")).to_contain_text("photos/public/*")
    expect(page.locator(".effect")).to_contain_text("Loses")
    expect(page.locator(".effect .proof").first).to_contain_text("arn:aws:s3:::photos/public/*")

    picture = "arn:aws:s3:::photos/cat.jpg"
    asked = f"principal={quote(ZOE)}&action=s3:GetObject&resource={quote(picture)}"
    page.goto(f"{site.url}/_clearance/history?view=travel&{asked}")
    badge = page.locator(".travel .badge")
    expect(badge).to_contain_text("Denied")
    turned = page.get_by_role("list", name="Changes that turned the verdict")
    expect(turned.get_by_role("listitem").first).to_contain_text("Allowed → Denied")
    page.get_by_label("Move through time").focus()
    page.keyboard.press("ArrowLeft")
    expect(badge).to_contain_text("Allowed")
    expect(page.locator(".code li.allow").first).to_be_visible()
    page.keyboard.press("Home")
    expect(badge).to_contain_text("Did not exist")


def test_the_trail_is_filtered_by_who_and_outcome(page: Page, site: Served) -> None:
    yan = site.client(site.person("yan", allow("iam:GetUser", "*")), "iam")
    yan.get_user()
    attempt(yan.list_users)
    page.goto(f"{site.url}/_clearance/history?view=calls")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("yan")
    page.get_by_label("Outcome").select_option("Refused or failed")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("listitem")).to_contain_text("iam:ListUsers")
    page.get_by_label("From").fill("<b>not a time")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_contain_text("`<b>not a time` is not a moment")
    page.goto(f"{site.url}/_clearance/history?principal=arn:nobody")
    expect(page.get_by_role("heading", name="No change fits")).to_be_visible()
    page.goto(f"{site.url}/_clearance/history?change=999999")
    expect(page.get_by_role("alert")).to_contain_text("no number 999999")
