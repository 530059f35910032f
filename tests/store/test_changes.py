from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.store.estates import ACCOUNT, estates, small, with_user

from clearance.model.errors import StoreError
from clearance.model.estate import Account, Estate, Role, User
from clearance.store.changes import ABSENT, Change, apply, diff, type_at


@settings(max_examples=60, deadline=None)
@given(estates, estates)
def test_applying_a_difference_yields_the_later_estate(before: Estate, after: Estate) -> None:
    assert apply(before, diff(before, after)) == after


@settings(max_examples=30, deadline=None)
@given(estates, estates, estates)
def test_differences_follow_one_another(one: Estate, two: Estate, three: Estate) -> None:
    assert apply(one, [*diff(one, two), *diff(two, three)]) == three


@settings(max_examples=30, deadline=None)
@given(estates, estates)
def test_a_difference_can_be_undone(before: Estate, after: Estate) -> None:
    undo = [Change(c.path, c.after, c.before) for c in reversed(diff(before, after))]
    assert apply(after, undo) == before


@settings(max_examples=30, deadline=None)
@given(estates)
def test_an_estate_does_not_differ_from_itself(estate: Estate) -> None:
    assert diff(estate, replace(estate)) == ()


def test_the_grain_is_the_entity() -> None:
    before = with_user(with_user(Estate(), "ana"), "ben")
    after = with_user(before, "ana", "{ }")
    (change,) = diff(before, after)
    assert change.path == ("accounts", ACCOUNT, "users", "ana")


def test_null_is_not_absence() -> None:
    before = small().with_account(replace(small().accounts[ACCOUNT], alias="acme"))
    after = before.with_account(replace(before.accounts[ACCOUNT], alias=None))
    (change,) = diff(before, after)
    assert change == Change(("accounts", ACCOUNT, "alias"), "acme", None)
    assert change.after is not ABSENT
    assert apply(before, [change]) == after


def test_an_entity_removed_and_made_again_is_the_new_one() -> None:
    path = ("accounts", ACCOUNT)
    user = small().accounts[ACCOUNT].users["ana"]
    changes = [
        Change((*path, "users", "ana"), ABSENT, user),
        Change(path, ABSENT, ABSENT),
        Change(path, ABSENT, Account(ACCOUNT)),
        Change((*path, "users", "ben"), ABSENT, user),
    ]
    users = apply(small(), changes).accounts[ACCOUNT].users
    assert dict(users) == {"ben": user}


def test_apply_leaves_its_input_alone() -> None:
    before = small()
    apply(before, [Change(("accounts", ACCOUNT, "users", "ana"), ABSENT, ABSENT)])
    assert before == small()


def test_a_change_inside_nothing_is_an_error() -> None:
    with pytest.raises(StoreError, match="which does not exist"):
        apply(Estate(), [Change(("accounts", "1", "users", "ana"))])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("accounts", "1"), Account),
        (("accounts", "1", "users", "ana"), User),
        (("accounts", "1", "roles", "r"), Role),
        (("managed", "arn"), str),
        (("missing",), tuple[str, ...]),
    ],
)
def test_places_have_types(path: tuple[str, ...], kind: object) -> None:
    assert type_at(path) == kind


@pytest.mark.parametrize(
    "path",
    [
        ("nothing",),
        ("accounts",),
        ("accounts", "1", "nothing"),
        ("managed", "a", "b"),
        ("missing", "x"),
    ],
)
def test_other_places_are_errors(path: tuple[str, ...]) -> None:
    with pytest.raises(StoreError, match="no such place"):
        type_at(path)
