"""The frame: signing in, keys, themes, what a page of somebody else can do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.consoles import Served


def test_the_printed_address_signs_in_once_and_leaves_no_token(
    browser: Browser, site: Served
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site.address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Denials")
        assert site.token not in page.url
        assert site.token not in page.content()
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        page.get_by_label("Token").fill("a guess")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("status")).to_contain_text("not the token")
        # the address once more, pasted into this very page
        page.evaluate("address => { location.href = address; }", site.address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Denials")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter the calls")).to_be_focused()
    page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [1280, 800])
def test_no_page_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    for name in page.locator(".side a.go").evaluate_all("all => all.map(a => a.href)"):
        page.goto(name)
        page.wait_for_selector("h1")
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, name


def test_the_theme_is_kept(page: Page) -> None:
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("h1").click()
    page.keyboard.press("d")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    page.wait_for_selector("h1")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
