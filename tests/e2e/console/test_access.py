"""Access map: who can do what with a resource, who can become whom."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Page, expect
from tests.consoles import Served, until
from tests.endpoints import ACCOUNT, allow

ROLE = f"arn:aws:iam::{ACCOUNT}:role/image-auditor"


def test_everybody_is_asked_and_each_answer_opens(page: Page, site: Served) -> None:
    site.person("mapped", allow("iam:PassRole", ROLE))
    page.goto(f"{site.url}/_clearance/access?resource={quote(ROLE)}")
    row = page.locator("tr[data-row]").filter(has_text="user/auditor")
    expect(row.locator("td").nth(2)).to_have_text("✓")  # AssumeRole: the role trusts this user
    expect(row.locator("td").nth(3)).to_have_text("–")  # noqa: RUF001 - a dash
    page.get_by_label("Filter the principals").fill("mapped")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    row = page.locator("tr[data-row]")
    until(page.get_by_role("dialog"), lambda: row.press("Enter"))
    expect(page.get_by_role("dialog")).to_contain_text(f"{ACCOUNT}:user/mapped")
    expect(page.get_by_role("dialog").get_by_text("can", exact=True)).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_label("Filter the principals").fill("nobody is called so")
    expect(page.get_by_role("heading", name="Nobody fits")).to_be_visible()


def test_the_question_can_be_typed(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/_clearance/access")
    page.get_by_label("Resource", exact=True).fill("arn:aws:sqs:us-east-1:555555555555:nowhere<b>")
    page.get_by_label("Actions").fill("sqs:SendMessage")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="Nobody can")).to_be_visible()


def test_a_chain_of_roles_is_drawn_and_followed(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/_clearance/access?view=roles")
    page.locator(".graph a").filter(has_text="role/image-auditor").click()
    expect(page.locator(".graph .focus")).to_contain_text("role/image-auditor")
    expect(page.locator(".graph .user")).to_contain_text("user/auditor")
    expect(page.get_by_role("listitem").first).to_contain_text("certain")
    page.get_by_role("link", name="Everybody").click()
    page.get_by_label("Filter the steps").fill("lambda.amazonaws.com")
    expect(page.get_by_role("listitem")).to_have_count(1)
