"""What is wrong with an input, in AWS's words."""

import pytest

from clearance.operations.constraints import Choice, Number, Rule, Size, Text, check
from clearance.operations.fault import OperationError

MUST = "failed to satisfy constraint: Member must"
CASES: list[tuple[Rule, object, str]] = [
    (Number(900, 43200), 100, f"'100' at 'it' {MUST} have value greater than or equal to 900"),
    (Number(900, 43200), 50000, f"'50000' at 'it' {MUST} have value less than or equal to 43200"),
    (Text(2, 64), "a", f"'a' at 'it' {MUST} have length greater than or equal to 2"),
    (Text(2, 3), "abcd", f"'abcd' at 'it' {MUST} have length less than or equal to 3"),
    (
        Text(0, 9, r"[\w]*"),
        "a b",
        rf"'a b' at 'it' {MUST} satisfy regular expression pattern: [\w]*",
    ),
    (Choice(("A", "B")), "C", f"'C' at 'it' {MUST} satisfy enum value set: [A, B]"),
    (Size(high=1), ["a", "b"], f"'[a, b]' at 'it' {MUST} have length less than or equal to 1"),
    (Size(1), {}, f"'{{}}' at 'it' {MUST} have length greater than or equal to 1"),
]


@pytest.mark.parametrize(("rule", "value", "sentence"), CASES)
def test_one_problem(rule: Rule, value: object, sentence: str) -> None:
    with pytest.raises(OperationError) as caught:
        check({"It": value}, {"It": rule}, "ValidationError")
    assert caught.value.message == f"1 validation error detected: Value {sentence}"
    assert (caught.value.code, caught.value.status) == ("ValidationError", 400)


def test_every_problem_is_told() -> None:
    with pytest.raises(OperationError) as caught:
        check({"Name": ""}, {"Name": Text(1, 9, r"[\w]+")}, "ValidationError", required=("Arn",))
    assert caught.value.message.startswith(
        "3 validation errors detected: Value null at 'arn' failed to satisfy constraint: Member"
        " must not be null; Value '' at 'name'"
    )


def test_java_letters_are_ascii() -> None:
    with pytest.raises(OperationError):
        check({"Name": "é"}, {"Name": Text(0, 9, r"[\w]*")}, "ValidationError")


def test_what_is_not_given_is_not_checked() -> None:
    check({"Name": None}, {"Name": Text(5), "Other": Number(1)}, "ValidationError")
