import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.estates import T0

from clearance.model.errors import StoreError
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.store.seal import KEY_FILE, SealedSession, Sealer, Unsealable

SEALER = Sealer(bytes(range(32)))
CALLER = Principal(
    PrincipalKind.ROLE_SESSION,
    "arn:aws:sts::123456789012:assumed-role/r/s",
    "123456789012",
    role_arn="arn:aws:iam::123456789012:role/r",
    tags={"team": "blue"},
    session=Session(
        policies=("{}",),
        tags={"é": "☃"},
        transitive_tags=frozenset({"é"}),
        issued=T0,
        expires=T0 + timedelta(hours=1),
    ),
)


@given(st.binary(max_size=100))
def test_what_was_sealed_can_be_opened(content: bytes) -> None:
    sealed = SEALER.seal(content)
    assert sealed.isascii()
    assert SEALER.open(sealed) == content


def test_a_session_comes_back_from_its_token() -> None:
    token = SEALER.seal_session(CALLER, "ASIA1", "secret")
    session = SEALER.open_session(token)
    assert session == SealedSession(CALLER, "ASIA1", "secret")
    assert session.expires == T0 + timedelta(hours=1)
    assert "secret" not in repr(session)


def test_two_seals_of_one_text_differ() -> None:
    assert SEALER.seal(b"x") != SEALER.seal(b"x")


@pytest.mark.parametrize("wrong", ["", "x", "é", "====", "A" * 40, "AAAA\n" * 20])
def test_other_texts_are_refused(wrong: str) -> None:
    with pytest.raises(Unsealable):
        SEALER.open(wrong)
    with pytest.raises(Unsealable):
        SEALER.open_session(wrong)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = SEALER.seal_session(CALLER, "ASIA1", "secret")
    place = data.draw(st.integers(0, len(token) - 3))
    other = "A" if token[place] != "A" else "B"
    with pytest.raises(Unsealable):
        SEALER.open_session(token[:place] + other + token[place + 1 :])


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Unsealable):
        Sealer.generate().open(SEALER.seal(b"x"))


def test_a_stored_secret_is_no_session_token() -> None:
    with pytest.raises(Unsealable):
        SEALER.open_session(SEALER.seal(b"x"))
    with pytest.raises(Unsealable):
        SEALER.open(SEALER.seal_session(CALLER, "ASIA1", "secret"))


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = Sealer.from_folder(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert Sealer.from_folder(tmp_path).open(first.seal(b"x")) == b"x"
    assert [p.name for p in tmp_path.iterdir()] == [KEY_FILE]


def test_a_bad_key_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is missing; without it"):
        Sealer.from_folder(tmp_path, create=False)
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(StoreError, match="it has 5 bytes, not 32"):
        Sealer.from_folder(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Sealer.from_folder(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(StoreError, match="can be read by others"):
        Sealer.from_folder(tmp_path)
