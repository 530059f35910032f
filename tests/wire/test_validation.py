"""The sentences in which AWS refuses an input."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from clearance.facts.services import service
from clearance.wire import patterns
from clearance.wire.faults import FaultError
from clearance.wire.validation import problems, validate

CASES = json.loads(Path("tests/vectors/wire/validation.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["operation"])
def test_an_input_is_refused_in_aws_words(case: dict[str, Any]) -> None:
    found = service(case["service"])
    operation = found.operations[case["operation"]]
    if "code" not in case:
        validate(case["input"], found, operation)
        return
    with pytest.raises(FaultError) as caught:
        validate(case["input"], found, operation)
    fault = caught.value.fault
    assert (fault.code, fault.status) == (case["code"], 400)
    if "message_starts" in case:
        assert fault.message.startswith(case["message_starts"])
    else:
        pattern = found.shapes["KMSKeyArn"].pattern if case["service"] == "lambda" else ""
        assert fault.message == case["message"].replace("@KMSKeyArn@", pattern or "")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"[\p{L}\p{N}]+", "Größe大9", True),
        (r"[\p{L}\p{N}]+", "a-b", False),
        (r"\p{Alnum}+", "é", False),
        (r"\P{C}*", "a\x00", False),
        (r"[\P{C}\n]*", "a\nb", True),
        (r"[\w-/]+", "a-/b", True),
        (r"\Aabc\z", "abc", True),
        (r"[\uD83D\uDE00-\uD83D\uDE4F]", "\U0001f601", True),
        (r"[a-z&&[^b]]", "b", True),
        (r"abc", "abcd", False),
    ],
)
def test_java_patterns_mean_what_they_mean_in_java(
    pattern: str, text: str, *, expected: bool
) -> None:
    assert patterns.matches(pattern, text) is expected


def test_core_services_patterns_are_all_understood() -> None:
    names = ("iam", "sts", "lambda", "organizations", "accessanalyzer", "kms", "iam-toolbox")
    given = {
        shape.pattern
        for name in names
        for shape in service(name).shapes.values()
        if shape.pattern is not None
    }
    unknown = {pattern for pattern in given if patterns._compiled(pattern) is None}  # noqa: SLF001
    assert unknown == set()


def test_a_long_text_does_not_search_forever() -> None:
    started = time.perf_counter()
    assert patterns.matches(r"(a+)+b", "a" * 100_000)
    assert time.perf_counter() - started < 1


def test_every_problem_is_named_once() -> None:
    found = service("iam")
    operation = found.operations["CreatePolicy"]
    assert len(list(problems({"PolicyName": "a b"}, found, operation))) == 2
