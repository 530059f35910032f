"""The reference of what Clearance offers to Python, from signatures and docstrings.

A page a package, in docs/api. A name that is exported without a docstring is an error.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Any, Final

__all__ = ["pages"]

# Each package, and when somebody wants it.
PACKAGES: Final[Mapping[str, str]] = {
    "clearance": "Load an estate, ask for decisions.",
    "clearance.boto": "Make boto3's errors explain themselves.",
    "clearance.pytest_plugin": "Test an application under its real permissions.",
    "clearance.explain": "From a denial to its cause, fix and proof.",
    "clearance.prove": "Compare policies for all requests at once.",
    "clearance.validate": "Find what is wrong with a policy document.",
    "clearance.suite": "Run policy tests.",
    "clearance.reach": "Find ways to more power.",
}
WIDE: Final = 92


class ApiError(Exception):
    """Exported names without a docstring."""


def pages() -> Iterator[tuple[str, str]]:
    """The name and the text of each page."""
    yield "index.md", _index()
    for package in PACKAGES:
        yield f"{package}.md", _page(package)


def _index() -> str:
    lines = [
        "# Python",
        "",
        "Generated from docstrings by `python docs/build.py`; do not edit. What a package lists in",
        "`__all__` is here and is the promise; the rest may move.",
        "",
        "| package | for |",
        "| --- | --- |",
        *(f"| [`{name}`]({name}.md) | {why} |" for name, why in PACKAGES.items()),
        "",
        "Everything but `clearance.boto` and the pytest plugin is pure: values in, values out, no",
        "clock and no network. Errors are `clearance.ClearanceError` and its kin; a denial is a",
        "value, never an exception.",
    ]
    return "\n".join(lines) + "\n"


def _page(package: str) -> str:
    module = import_module(package)
    parts = [f"# {package}", "", *_prose(inspect.getdoc(module) or "", package)]
    for name in _exported(module):
        parts += ["", f"## {name}", "", *_entry(module, name)]
    return "\n".join(parts).rstrip() + "\n"


def _exported(module: ModuleType) -> list[str]:
    return sorted(module.__all__, key=lambda name: (name.lower(), name))


# -- one name ----------------------------------------------------------------------------------


def _entry(module: ModuleType, name: str) -> Iterator[str]:
    value = getattr(module, name)
    package = module.__name__
    if inspect.isclass(value):
        yield from _class(value, package)
    elif inspect.isroutine(value):
        yield from _function(value, package)
    else:
        yield from _constant(module, name)


def _function(value: Any, package: str) -> Iterator[str]:
    yield from _fenced(_signature(value))
    yield ""
    yield from _prose(_doc(value, value.__qualname__), package)


def _class(value: type, package: str) -> Iterator[str]:
    kind = "enum" if issubclass(value, Enum) else "class"
    bases = [b.__name__ for b in value.__bases__ if b.__module__.startswith("clearance")]
    yield f"*{kind}*" + (f", a `{'`, `'.join(bases)}`" if bases else "")
    yield ""
    yield from _prose(_doc(value, value.__name__), package)
    if issubclass(value, Enum):
        yield ""
        yield from _table(("member", "value"), ((m.name, repr(m.value)) for m in value))
    elif is_dataclass(value):
        shown = [f for f in fields(value) if not f.name.startswith("_")]
        if shown:
            yield ""
            rows = ((f.name, str(f.type), _default(f)) for f in shown)
            yield from _table(("field", "type", "default"), rows)
    for name, member in _members(value):
        doc = _prose(_doc(member, f"{value.__name__}.{name}"), package)
        yield ""
        yield f"**`{_headline(name, member)}`**"
        yield ""
        yield from doc


def _members(value: type) -> Iterator[tuple[str, Any]]:
    """Public properties and methods that the class itself defines."""
    for name, member in vars(value).items():
        if name.startswith("_") or (issubclass(value, Enum) and name in value.__members__):
            continue
        if isinstance(member, property | classmethod | staticmethod) or inspect.isfunction(member):
            yield name, member


def _headline(name: str, member: Any) -> str:
    if isinstance(member, property):
        return f"{name}{_returns(member.fget)}".replace(" -> ", ": ", 1)
    text = " ".join(_signature(getattr(member, "__func__", member)).split())
    return text.replace("( ", "(").replace(", )", ")")


def _constant(module: ModuleType, name: str) -> Iterator[str]:
    """A constant or alias: its docstring stands below it where it is defined."""
    for home in _homes(module, name):
        found = _below(home).get(name)
        if found:
            yield from _prose(found, module.__name__)
            return
    raise ApiError(f"`{module.__name__}.{name}` has no docstring below it")


def _homes(module: ModuleType, name: str) -> Iterator[ModuleType]:
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and any(a.name == name for a in node.names):
            yield import_module(node.module or "")
    yield module


@cache
def _below(module: ModuleType) -> Mapping[str, str]:
    """Texts that stand below assignments."""
    body = ast.parse(inspect.getsource(module)).body
    found = {}
    for node, after in pairwise(body):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        text = after.value if isinstance(after, ast.Expr) else None
        if isinstance(target, ast.Name) and isinstance(text, ast.Constant):
            found[target.id] = inspect.cleandoc(str(text.value))
    return found


def _doc(value: Any, name: str) -> str:
    text = inspect.getdoc(value)
    if not text:
        raise ApiError(f"`{name}` has no docstring")
    return text


def _signature(function: Any) -> str:
    node = _node(function)
    parts = [
        _spaced(part) for part in _split(ast.unparse(node.args)) if part not in {"self", "cls"}
    ]
    line = f"{node.name}({', '.join(parts)}){_returns(function)}"
    if len(line) <= WIDE:
        return line
    return "\n".join(
        [f"{node.name}(", *(f"    {part}," for part in parts), f"){_returns(function)}"]
    )


def _split(arguments: str) -> list[str]:
    """The arguments, at commas outside of brackets."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(arguments):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            found.append(arguments[start:place].strip())
            start = place + 1
    return [*found, arguments[start:].strip()]


def _spaced(argument: str) -> str:
    """``name: type = default``, as a formatter writes it."""
    return re.sub(r"^(\w+: .+?)=(?!=)", r"\1 = ", argument)


def _returns(function: Any) -> str:
    node = _node(function)
    return f" -> {ast.unparse(node.returns)}" if node.returns else ""


def _node(function: Any) -> ast.FunctionDef:
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)  # noqa: S101
    return node


def _default(found: Field[Any]) -> str:
    if found.default is not MISSING:
        return str(found.default) if isinstance(found.default, Enum) else repr(found.default)
    if found.default_factory is not MISSING:
        made = found.default_factory()
        return (
            repr(made) if isinstance(made, dict | list | tuple | frozenset | set) else "made anew"
        )
    return ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    head = list(head)
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join(['---'] * len(head))} |"
    for row in rows:
        cells = (f"`{cell}`".replace("|", "\\|") if cell else "" for cell in row)
        yield f"| {' | '.join(cells)} |"


def _fenced(text: str, language: str = "python") -> Iterator[str]:
    yield f"```{language}"
    yield from text.splitlines()
    yield "```"


# -- docstrings --------------------------------------------------------------------------------

SECTION: Final = re.compile(r"(Args|Returns|Raises|Yields):")
ITEM: Final = re.compile(r"( {4})(\S.*?): (.*)")


def _prose(text: str, package: str) -> list[str]:
    """A docstring as Markdown."""
    out: list[str] = []
    blocks = re.split(r"\n{2,}", text.strip())
    for number, block in enumerate(blocks):
        lines = block.splitlines()
        after_colons = number > 0 and blocks[number - 1].rstrip().endswith("::")
        if out:
            out.append("")
        if lines[0].startswith(">>>"):
            out += _fenced(block)
        elif after_colons or all(line.startswith("    ") for line in lines):
            out += _fenced(textwrap.dedent(block))
        elif SECTION.fullmatch(lines[0]):
            out += _section(lines, package)
        elif len(lines) > 1 and all(line.startswith("    ") for line in lines[1:]):
            meaning = " ".join(line.strip() for line in lines[1:])
            out.append(f"**{_inline(lines[0], package)}**: {_inline(meaning, package)}")
        else:
            out += _plain(lines, package)
    return out


def _plain(lines: list[str], package: str) -> Iterator[str]:
    """A paragraph; a doctest may follow it without an empty line."""
    prompt = next((n for n, line in enumerate(lines) if line.startswith(">>>")), len(lines))
    for line in lines[:prompt]:
        yield _inline(re.sub(r"::$", ":", line), package)
    if prompt < len(lines):
        yield ""
        yield from _fenced("\n".join(lines[prompt:]))


def _section(lines: list[str], package: str) -> Iterator[str]:
    yield f"{lines[0]}"
    yield ""
    for line in lines[1:]:
        item = ITEM.fullmatch(line)
        if item:
            yield f"- `{item[2]}`: {_inline(item[3], package)}"
        else:
            yield f"  {_inline(line.strip(), package)}"


def _inline(text: str, package: str) -> str:
    """Code in single marks, with links to names that are on these pages."""
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    return re.sub(r"`([A-Za-z_]+)`", lambda found: _linked(found, package), text)


def _linked(found: re.Match[str], package: str) -> str:
    for page in (package, *PACKAGES):
        if found[1] in _names(page):
            return f"[`{found[1]}`]({page}.md#{found[1].lower()})"
    return found[0]


@cache
def _names(package: str) -> frozenset[str]:
    return frozenset(import_module(package).__all__)
