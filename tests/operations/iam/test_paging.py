from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operations.iam.world import World

NAMES = st.lists(st.text("abAB-", min_size=1, max_size=3), unique_by=str.lower, max_size=12)


def crowd(names: list[str]) -> World:
    world = World()
    for name in names:
        world("CreateGroup", GroupName=name)
    return world


def pages(world: World, size: int) -> list[list[str]]:
    found: list[list[str]] = []
    rest: dict[str, str] = {}
    while True:
        output = world("ListGroups", MaxItems=size, **rest)
        found.append([group["GroupName"] for group in output["Groups"]])
        if not output["IsTruncated"]:
            assert "Marker" not in output
            return found
        rest = {"Marker": output["Marker"]}


@settings(max_examples=50, deadline=None)
@given(NAMES, st.integers(1, 5))
def test_pages_are_the_sorted_list_in_pieces(names: list[str], size: int) -> None:
    found = pages(crowd(names), size)
    assert [name for page in found for name in page] == sorted(names, key=str.lower)
    assert all(len(page) == size for page in found[:-1])


def test_a_marker_survives_change() -> None:
    world = crowd(["a", "c", "e", "g"])
    first = world("ListGroups", MaxItems=2)
    world("DeleteGroup", GroupName="c")  # the very one the marker stands on
    world("DeleteGroup", GroupName="e")
    world("CreateGroup", GroupName="b")
    world("CreateGroup", GroupName="d")
    second = world("ListGroups", Marker=first["Marker"])
    assert [group["GroupName"] for group in second["Groups"]] == ["d", "g"]


def test_a_hundred_unless_said_otherwise() -> None:
    world = crowd([f"g{number}" for number in range(101)])
    assert len(world("ListGroups")["Groups"]) == 100


@pytest.mark.parametrize(
    "marker",
    ["nonsense", "ÿ", urlsafe_b64encode(b"a").decode(), urlsafe_b64encode(b"\x01\xff").decode()],
)
def test_an_invalid_marker(marker: str) -> None:
    refusal = ("ValidationError", "Invalid Marker.", 400)
    assert crowd(["a"]).refused("ListGroups", Marker=marker) == refusal


@pytest.mark.parametrize(("size", "word"), [(0, "greater"), (1001, "less")])
def test_page_sizes_have_bounds(size: int, word: str) -> None:
    code, message, _ = World().refused("ListUsers", MaxItems=size)
    assert code == "ValidationError"
    assert f"Value at 'maxItems' failed to satisfy constraint: Member must have value {word}" in (
        message
    )
