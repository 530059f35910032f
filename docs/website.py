"""Build the documentation as a site that works offline; anything wrong in it is an error.

python docs/website.py          writes build/site
python docs/website.py --serve  writes it, then shows it on http://127.0.0.1:8000

The pages are those of docs/ and the few that live where they are needed: the changelog, the
examples. Links to other files of the repository lead to copies of them, so that a reader without
the repository can follow them. Zensical turns the pages into HTML; then every link is followed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILD = ROOT / "build"
PAGES = BUILD / "pages"
SITE = BUILD / "site"

# Pages that live elsewhere in the repository, and what they are called on the site.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "bench/README.md": "benchmarks.md",
    "examples/README.md": "examples.md",
    "examples/github/README.md": "examples-github.md",
}
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\[\]]*)\]\((?P<to>[^()\s]+)\)")
RULE = re.compile(r"^\| (R\d+[a-z]?) \| (.+?) \|", re.MULTILINE)
FENCE = re.compile(r"^( *)(```+|~~~+)", re.MULTILINE)


class SiteError(Exception):
    """What is wrong with the site, one problem a line."""


# -- the pages ---------------------------------------------------------------------------------


def stage() -> None:
    """Put every page and picture into build/pages, with links that hold there."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(DOCS, PAGES, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for place, name in ELSEWHERE.items():
        shutil.copy(ROOT / place, PAGES / name)
    homes = {name: place for place, name in ELSEWHERE.items()}
    for page in sorted(PAGES.rglob("*.md")):
        name = page.relative_to(PAGES).as_posix()
        source = ROOT / homes.get(name, f"docs/{name}")
        page.write_text(relinked(page.read_text("utf-8"), source, page), "utf-8")


def relinked(text: str, source: Path, page: Path) -> str:
    """The page's text with the links of ``source`` as they are from ``page``; code stays."""
    parts, inside = [], ""
    for line in text.splitlines(keepends=True):
        fence = FENCE.match(line)
        if fence and not inside:
            inside = fence[2]
        elif fence and line.strip() == inside:
            inside = ""
        elif not inside:
            line = LINK.sub(partial(_link, source=source, page=page), line)  # noqa: PLW2901
            line = _ruled(line, page)  # noqa: PLW2901
        parts.append(line)
    return "".join(parts)


@cache
def rules() -> Mapping[str, str]:
    """What each numbered rule says."""
    text = (DOCS / "rules.md").read_text("utf-8")
    return {number: says.replace('"', "'") for number, says in RULE.findall(text)}


def _ruled(line: str, page: Path) -> str:
    """The numbers of rules lead to the rule, and tell it to whoever points at them."""
    if page == PAGES / "rules.md":
        return RULE.sub(
            lambda row: f'| <span id="{row[1].lower()}">{row[1]}</span> | {row[2]} |', line
        )
    to = Path(os.path.relpath(PAGES / "rules.md", page.parent)).as_posix()

    def linked(found: re.Match[str]) -> str:
        says = rules().get(found[0])
        return f'[{found[0]}]({to}#{found[0].lower()} "{says}")' if says else found[0]

    # Code, links and headings stay as they are.
    if line.startswith("#"):
        return line
    pieces = re.split(r"(`[^`]*`|\[[^\]]*\]\([^)]*\))", line)
    return "".join(
        piece if n % 2 else re.sub(r"\bR\d{1,3}[a-z]?\b", linked, piece)
        for n, piece in enumerate(pieces)
    )


def _link(found: re.Match[str], *, source: Path, page: Path) -> str:
    to = urlsplit(found["to"])
    if to.scheme or not to.path:
        return found[0]
    target = Path(os.path.normpath(source.parent / unquote(to.path)))
    if not target.exists():
        return found[0]  # zensical, or the check of all links, will complain
    if found["image"] and target.suffix == ".svg":
        return _inline(target)
    if target.is_dir():
        if not (target / "README.md").exists():
            return found["text"]
        target /= "README.md"
    place = _place(target)
    fragment = f"#{to.fragment}" if to.fragment else ""
    where = Path(os.path.relpath(place, page.parent)).as_posix()
    return f"{found['image']}[{found['text']}]({where}{fragment})"


def _place(target: Path) -> Path:
    """Where a file of the repository is on the site; it is copied if it is no page."""
    inside = target.relative_to(ROOT).as_posix()
    if inside in ELSEWHERE:
        return PAGES / ELSEWHERE[inside]
    if target.is_relative_to(DOCS):
        return PAGES / target.relative_to(DOCS)
    copy = PAGES / "files" / inside
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(target, copy)
    return copy


def _inline(drawing: Path) -> str:
    """A drawing as part of the page: its colours follow the page's, its words can be searched."""
    svg = re.sub(r"\s*\n\s*", " ", drawing.read_text("utf-8")).strip()
    return f'<div class="drawing">{svg}</div>'


# -- the table of contents ---------------------------------------------------------------------


def configure() -> Path:
    """Write build/zensical.yml: mkdocs.yml with its folders spelled out; every page is in it."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    named = set(_named(config["nav"]))
    config["nav"] = _spelled_out(config["nav"], named)
    there = {page.relative_to(PAGES).as_posix() for page in PAGES.rglob("*.md")}
    missing = sorted(there - set(_named(config["nav"])))
    if missing:
        raise SiteError("\n".join(f"`{page}` is not in the nav of mkdocs.yml" for page in missing))
    config |= {"docs_dir": "pages", "site_dir": "site"}
    path = BUILD / "zensical.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    return path


def _named(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for item in nav:
            yield from _named(item)
    elif isinstance(nav, dict):
        for item in nav.values():
            yield from _named(item)


def _spelled_out(nav: object, named: set[str]) -> object:
    if isinstance(nav, list):
        spelled = (_spelled_out(item, named) for item in nav)
        return [one for item in spelled for one in (item if isinstance(item, list) else [item])]
    if isinstance(nav, dict):
        return {title: _spelled_out(item, named) for title, item in nav.items()}
    if isinstance(nav, str) and nav.endswith("/*"):
        pages = sorted(PAGES.glob(f"{nav}.md"))
        names = [page.relative_to(PAGES).as_posix() for page in pages]
        return [{_title(PAGES / name): name} for name in names if name not in named]
    return nav


def _title(page: Path) -> str:
    return page.read_text("utf-8").splitlines()[0].lstrip("# ").strip()


# -- the site ----------------------------------------------------------------------------------


class _Html(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        elif tag == "link" and given.get("rel") not in {"canonical", "prev", "next"}:
            self.loads.add(given.get("href", ""))
        elif "src" in given:
            self.loads.add(given["src"])


def problems() -> Iterator[str]:
    """Links that lead nowhere, and whatever a page would load from elsewhere."""
    pages = {}
    for path in sorted(SITE.rglob("*.html")):
        pages[path] = page = _Html()
        page.feed(path.read_text("utf-8"))
    for path, page in pages.items():
        name = path.relative_to(SITE)
        for link in sorted(page.links | page.loads):
            to = urlsplit(link)
            if to.scheme == "data":
                continue
            if to.scheme or to.netloc:
                if link in page.loads:
                    yield f"{name}: loads `{link}` from elsewhere"
                continue
            base = SITE if to.path.startswith("/") else path.parent
            target = (
                Path(os.path.normpath(base / unquote(to.path).lstrip("/"))) if to.path else path
            )
            target = target / "index.html" if target.is_dir() else target
            if name.name == "404.html":
                continue  # its links are those of wherever it is shown
            if not target.exists():
                yield f"{name}: `{link}` leads nowhere"
            elif (
                to.fragment
                and target in pages
                and unquote(to.fragment) not in (pages[target].anchors | {"__search", "__drawer"})
            ):
                yield f"{name}: `{link}` names no place in `{target.relative_to(SITE)}`"


def build() -> None:
    """The whole site; raises SiteError with everything that is wrong."""
    BUILD.mkdir(exist_ok=True)
    stage()
    config = configure()
    shutil.rmtree(SITE, ignore_errors=True)
    words = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(config)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    said = done.stdout + done.stderr
    if done.returncode or "Warning" in said:
        raise SiteError(said.partition("Traceback")[0].strip())
    found = list(problems())
    if found:
        raise SiteError("\n".join(found))


def main() -> int:
    """Build, and show if asked; 1 if anything is wrong."""
    try:
        build()
    except SiteError as error:
        print(error)
        print("the site was not built: see above")
        return 1
    print(f"{len(list(SITE.rglob('*.html')))} pages in {SITE.relative_to(ROOT)}")
    if "--serve" in sys.argv[1:]:
        handler = partial(SimpleHTTPRequestHandler, directory=str(SITE))
        print("http://127.0.0.1:8000  (Ctrl-C stops it)")
        ThreadingHTTPServer(("127.0.0.1", 8000), handler).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
