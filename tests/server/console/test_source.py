"""What strangers wrote must not reach a string that NiceGUI parses or that the browser runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import clearance.server.console.door

FOLDER = Path(clearance.server.console.door.__file__).parent
# Calls whose text is parsed or run: props with a colon are evaluated, templates are compiled.
PARSED = {"add_body_html", "add_css", "add_head_html", "add_slot", "classes", "markdown", "props"}
# Modules whose functions escape what they make HTML of.
ESCAPING = ("code.", "drawing.")
PARSED |= {"js_handler", "query", "run_javascript", "style", "sub_pages"}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            yield name or getattr(node.func, "id", ""), node


def is_constant(node: ast.expr, constants: set[str]) -> bool:
    """A literal, a choice between literals, or a name in capitals: a constant of the module."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.IfExp):
        return is_constant(node.body, constants) and is_constant(node.orelse, constants)
    if isinstance(node, ast.Subscript):
        return is_constant(node.value, constants)
    return isinstance(node, ast.Name) and node.id in constants


def constants_of(tree: ast.Module) -> set[str]:
    found = {"classes"}  # `tag` passes on what its callers, who are looked at too, wrote
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        found |= {t.id for t in targets if isinstance(t, ast.Name) and t.id.strip("_").isupper()}
    return found


def test_parsed_strings_are_constants() -> None:
    bad: list[str] = []
    for path in sorted(FOLDER.rglob("*.py")):
        tree = ast.parse(path.read_text())
        known = constants_of(tree)
        for name, call in calls(tree):
            given = [*call.args, *(k.value for k in call.keywords)] if name in PARSED else []
            if name == "tag":  # its text is text, its name and classes are parsed
                given = [call.args[0], *call.args[2:]]
                given += [k.value for k in call.keywords if k.arg == "classes"]
            bad += (
                f"{path.name}:{call.lineno} {ast.unparse(each)}"
                for each in given
                if not is_constant(each, known)
            )
    assert bad == []


def test_html_comes_only_from_where_it_is_escaped() -> None:
    found = [
        f"{path.name}:{call.lineno}"
        for path in sorted(FOLDER.rglob("*.py"))
        for name, call in calls(ast.parse(path.read_text()))
        if name == "html" and not ast.unparse(call.args[0]).startswith(ESCAPING)
    ]
    assert found == []


def test_the_rule_would_notice() -> None:
    tree = ast.parse("ui.input().props(f'label={name}')")
    [(_, call)] = [(n, c) for n, c in calls(tree) if n == "props"]
    assert not is_constant(call.args[0], constants_of(tree))
