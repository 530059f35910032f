import pytest
from hypothesis import given, settings
from tests.store.estates import ACCOUNT, estates, small

from clearance.model.errors import StoreError
from clearance.model.estate import Account, Estate, User
from clearance.store.codec import PLAIN, WITHHELD, Codec, fingerprint, problem
from clearance.store.seal import Sealer, Unsealable

SEALER = Sealer(bytes(32))


@settings(max_examples=60, deadline=None)
@given(estates)
def test_an_estate_comes_back_from_json(estate: Estate) -> None:
    for codec in (Codec(PLAIN), Codec(SEALER), Codec(SEALER, strict=True)):
        assert codec.decode(codec.encode(estate, Estate), Estate) == estate


def test_secrets_are_sealed_withheld_or_plain() -> None:
    estate = small()
    assert b"secret of ana" in Codec(PLAIN).encode(estate, Estate)
    for sealing in (SEALER, WITHHELD):
        assert b"secret of ana" not in Codec(sealing).encode(estate, Estate)


def test_another_key_opens_nothing() -> None:
    text = Codec(SEALER).encode(small(), Estate)
    with pytest.raises(Unsealable):
        Codec(Sealer(bytes(31) + b"x")).decode(text, Estate)


def test_missing_fields_take_their_defaults() -> None:
    found = Codec().decode(b'{"accounts": {"1": {"id": "1"}}}', Estate)
    assert found == Estate(accounts={"1": Account("1")})


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"accounts": 1}', b"\xff", b'{"accounts": {"1": {}}}']
)
def test_what_is_no_estate_is_an_error(text: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read as estate"):
        Codec().decode(text, Estate)


PROBLEMS = [
    (
        {"accounts": {"1": {"id": "1", "user": {}}}},
        "$.accounts['1']: unknown field `user`; did you",
    ),
    ({"accounts": {"1": {}}}, "$.accounts['1']: the field `id` is missing"),
    ({"accounts": {"1": {"id": 1}}}, "$.accounts['1'].id: expected `str`, got `int`"),
    ({"accounts": []}, "$.accounts: expected `object`, got `array`"),
    ({"missing": ["a", 1]}, "$.missing[1]: expected `str`, got `int`"),
    (
        {"accounts": {"1": {"id": "1", "users": {"a": {"name": "a", "id": "A", "created": "x"}}}}},
        "$.accounts['1'].users['a'].created: invalid RFC3339",
    ),
]


@pytest.mark.parametrize(("raw", "text"), PROBLEMS, ids=[text for _, text in PROBLEMS])
def test_problems_name_the_place(raw: object, text: str) -> None:
    assert (problem(raw, Estate) or "").startswith(text)


def test_a_sound_value_has_no_problem() -> None:
    assert problem({}, Estate) is None
    assert problem({"accounts": {"1": {"id": "1", "alias": None}}}, Estate) is None


def test_a_strict_codec_refuses_unknown_fields() -> None:
    text = b'{"accounts": {"1": {"id": "1", "colour": "red"}}}'
    assert Codec().decode(text, Estate).accounts[ACCOUNT[:1]].id == "1"
    with pytest.raises(StoreError, match="unknown field `colour`"):
        Codec(strict=True).decode(text, Estate)


def test_the_fingerprint_tells_shapes_apart() -> None:
    assert fingerprint(Estate) == fingerprint(Estate)
    assert len({fingerprint(kind) for kind in (Estate, Account, User)}) == 3
