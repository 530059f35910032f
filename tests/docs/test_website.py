"""The site is whole: nothing missing, no link that leads nowhere, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import website


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository with one page."""
    for name, path in {
        "ROOT": "",
        "DOCS": "docs",
        "BUILD": "build",
        "PAGES": "build/pages",
    }.items():
        monkeypatch.setattr(website, name, tmp_path / path)
    monkeypatch.setattr(website, "SITE", tmp_path / "site")
    monkeypatch.setattr(website, "ELSEWHERE", {"NEWS.md": "news.md"})
    website.rules.cache_clear()
    write(tmp_path / "docs" / "rules.md", "# Rules\n\n| R1 | Says `this`. |\n")
    write(tmp_path / "docs" / "a" / "page.md", "# Page\n")
    write(tmp_path / "NEWS.md", "See [the page](docs/a/page.md).\n")
    write(tmp_path / "examples" / "one.json", "{}")
    write(tmp_path / "mkdocs.yml", "nav: [rules.md, news.md, {Pages: a/*}]\n")
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_links_out_of_docs_lead_to_copies(repository: Path) -> None:
    write(
        repository / "docs" / "a" / "page.md",
        "# Page\n\n[one](../../examples/one.json) [news](../../NEWS.md#top) [up](../rules.md)\n\n"
        "```text\n[one](../../examples/one.json)\n```\n",
    )
    website.stage()
    text = (website.PAGES / "a" / "page.md").read_text("utf-8")
    assert "[one](../files/examples/one.json) [news](../news.md#top) [up](../rules.md)" in text
    assert "```text\n[one](../../examples/one.json)\n```" in text
    assert (website.PAGES / "files" / "examples" / "one.json").read_text("utf-8") == "{}"
    assert "(a/page.md)" in (website.PAGES / "news.md").read_text("utf-8")


def test_numbers_of_rules_lead_to_rules(repository: Path) -> None:
    write(repository / "docs" / "a" / "page.md", "# R1\n\nBy R1, not R2 or `R1`.\n")
    website.stage()
    text = (website.PAGES / "a" / "page.md").read_text("utf-8")
    assert text == '# R1\n\nBy [R1](../rules.md#r1 "Says `this`."), not R2 or `R1`.\n'
    assert '| <span id="r1">R1</span> |' in (website.PAGES / "rules.md").read_text("utf-8")


def test_a_page_must_be_in_the_table_of_contents(repository: Path) -> None:
    write(repository / "docs" / "lost.md", "# Lost\n")
    website.stage()
    with pytest.raises(website.SiteError, match=r"`lost\.md` is not in the nav"):
        website.configure()


@pytest.mark.usefixtures("repository")
def test_a_folder_stands_for_its_pages() -> None:
    website.stage()
    config = website.configure().read_text("utf-8")
    assert "Page: a/page.md" in config
    assert "docs_dir: pages" in config


def test_dead_links_and_what_comes_from_elsewhere_are_found(repository: Path) -> None:
    write(
        repository / "site" / "index.html",
        '<h1 id="here">x</h1><a href="gone.html">a</a><a href="#gone">b</a><a href="#here">c</a>'
        '<script src="https://elsewhere.example/x.js"></script><a href="https://aws.example/">d</a>',
    )
    assert list(website.problems()) == [
        "index.html: `#gone` names no place in `index.html`",
        "index.html: `gone.html` leads nowhere",
        "index.html: loads `https://elsewhere.example/x.js` from elsewhere",
    ]
