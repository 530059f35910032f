"""Break the engine on purpose, one small change at a time, and count how often a test notices.

    python bench/mutate.py                 # the files that decide
    python bench/mutate.py match/action.py # one file
    python bench/mutate.py --sample 40     # a random part, for a quick look
    python bench/mutate.py prove/search.py --tests tests/prove tests/laws/test_prove.py

Each mutant lives in a copy of the sources in a temporary folder; the checkout is never touched.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = (
    "decide/combine.py",
    "decide/special_cases.py",
    "decide/judge.py",
    "decide/gather.py",
    "decide/context.py",
    "decide/s3.py",
    "match/action.py",
    "match/conditions.py",
    "match/principal.py",
    "match/resource.py",
    "match/truth.py",
    "match/variables.py",
)
TESTS = ("tests/decide", "tests/match", "tests/parse")
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Line, what was done, and the tree with it done."""
    idle = _idle(tree)
    for place, node in enumerate(ast.walk(tree)):
        for name, change in () if id(node) in idle else _changes(node):
            other = copy.deepcopy(tree)
            twin = next(n for i, n in enumerate(ast.walk(other)) if i == place)
            change(twin)
            yield getattr(node, "lineno", 0), name, ast.fix_missing_locations(other)


def _idle(tree: ast.Module) -> frozenset[int]:
    """The nodes that do nothing when a test runs: annotations, decorators, ``__all__``."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found += node.decorator_list
            found += [node.returns] if isinstance(node, ast.FunctionDef) and node.returns else []
        elif isinstance(node, ast.arg) and node.annotation:
            found.append(node.annotation)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            found.append(node.value)
    return frozenset(id(inner) for node in found for inner in ast.walk(node))


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield "turn a comparison", lambda n: n.ops.__setitem__(0, SWAPS[type(n.ops[0])]())
    if isinstance(node, ast.BoolOp):
        yield "exchange and/or", lambda n: setattr(n, "op", SWAPS[type(n.op)]())
        for index in range(len(node.values)):
            yield f"drop operand {index + 1}", lambda n, i=index: n.values.pop(i)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield (
            "drop not",
            lambda n: (
                setattr(n, "op", ast.UAdd())
                or setattr(n, "operand", ast.Call(ast.Name("bool", ast.Load()), [n.operand], []))
            ),
        )
    if isinstance(node, ast.If):
        yield "never", lambda n: setattr(n, "test", ast.Constant(value=False))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "turn a constant", lambda n: setattr(n, "value", not n.value)
    yield from _shorter(node)


def _shorter(node: ast.AST) -> Iterator[tuple[str, object]]:
    """The display less one element, unless it would be empty."""
    loaded = isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load)
    if (isinstance(node, ast.Set) or loaded) and len(node.elts) > 1:
        for index in range(len(node.elts)):
            yield f"drop element {index + 1}", lambda n, i=index: n.elts.pop(i)


def survives(folder: Path, tests: list[str]) -> bool:
    """True when no test notices; one that never ends is noticed."""
    try:
        found = _tested(folder, tests)
    except subprocess.TimeoutExpired:
        return False
    return found.returncode == 0


def _tested(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
            "-o", f"pythonpath={folder} {ROOT}", *tests,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=300,
        check=False,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--sample", type=int, help="how many mutants to try")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+", default=list(TESTS))
    given = parser.parse_args()
    found = [
        (name, *mutant)
        for name in given.files
        for mutant in mutants(ast.parse((ROOT / "src/clearance" / name).read_text("utf-8")))
    ]
    if given.sample and given.sample < len(found):
        found = sorted(
            random.Random(given.seed).sample(found, given.sample), key=lambda m: (m[0], m[1])
        )
    alive = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(ROOT / "src/clearance", folder / "clearance")
        for name, line, what, tree in found:
            target = folder / "clearance" / name
            original = target.read_text("utf-8")
            target.write_text(ast.unparse(tree), "utf-8")
            try:
                if survives(folder, given.tests):
                    alive += 1
                    print(f"survived: {name}:{line} {what}", flush=True)
            finally:
                target.write_text(original, "utf-8")
    total = len(found)
    print(
        f"killed {total - alive} of {total} mutants ({100 * (total - alive) / max(total, 1):.0f} %)"
    )


if __name__ == "__main__":
    main()
