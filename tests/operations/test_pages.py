"""Lists in parts."""

import pytest

from clearance.operations.fault import OperationError
from clearance.operations.pages import page

REFUSAL = OperationError("InvalidInputException", "no such token")


def names(items: list[str], token: str | None, size: int = 2) -> tuple[list[str], str | None]:
    return page(items, str, token=token, size=size, refusal=REFUSAL)


def test_every_item_once_in_order() -> None:
    seen, token = names(["c", "a", "e", "b", "d"], None)
    while token:
        more, token = names(["c", "a", "e", "b", "d"], token)
        seen += more
    assert seen == ["a", "b", "c", "d", "e"]


def test_a_full_last_page_has_no_token() -> None:
    assert names(["a", "b"], None) == (["a", "b"], None)


def test_items_may_come_and_go_meanwhile() -> None:
    _, token = names(["a", "b", "c", "d"], None)
    assert names(["a", "bb", "d"], token) == (["bb", "d"], None), "`b` went, `bb` came"


@pytest.mark.parametrize("token", ["x", "é", "AAAA", "Ag=", "YWJj"])
def test_tokens_of_others_are_refused(token: str) -> None:
    with pytest.raises(OperationError) as caught:
        names(["a", "b", "c"], token)
    assert caught.value is REFUSAL
