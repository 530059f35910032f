"""Callers of records: ``userIdentity`` apart from what is new in each session."""

from __future__ import annotations

import re
from array import array
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from clearance.batch.arrays import columns_of, milliseconds, moments, repeated, taken
from clearance.batch.dataset import Identity, encoded
from clearance.batch.read import value_in
from clearance.explain.evidence import Json

__all__ = ["Caller", "Callers", "Seen", "caller_of"]

_NULL: Final = b"null"
_KEY: Final = b'"accessKeyId":"'
_DATE: Final = b'"creationDate":"'
# They stand where a key and a date were, to see whether that is where those are read from.
_SOME_KEY: Final = "ASIA0CLEARANCE0PROBE"
_SOME_DATE: Final = "1970-01-01T00:00:00Z/clearance"


class Caller(NamedTuple):
    """What an identity tells; ``issued`` is the text of ``creationDate``."""

    caller: str | None = None
    session: str | None = None
    access_key: str | None = None
    issued: str | None = None


# The numbers of a caller, its key and its time in the columns; its text and its account.
Seen: TypeAlias = tuple[int, int, int, str | None, str | None]


# The same of all identities that differ only where they are cut; no number for what is cut out.
_Kind: TypeAlias = tuple[int, int | None, int | None, str | None, str | None]


class _Cut(NamedTuple):
    """The bytes of an identity before, between and behind its access key and its date."""

    before: bytes
    middle: bytes
    end: bytes
    keyed: bool
    dated: bool


_ACCOUNT_OF: Final = re.compile(r'"accountId":"(\d{12})"')
_PLAIN: Final = re.compile(rb"[A-Za-z0-9:.+-]+")


class _Tokens(dict[bytes | tuple[str | None], int]):
    """Numbers for texts as they stand in JSON; -1 for those that JSON may spell in other ways."""

    def __missing__(self, given: bytes | tuple[str | None]) -> int:
        if isinstance(given, bytes) and not _PLAIN.fullmatch(given):
            return -1
        number = self[given] = len(self)
        return number

    def number(self, text: str | None) -> int:
        """The number of a text that has been read."""
        return self[(text,)]

    def texts(self) -> list[str | None]:
        """The texts in order of their numbers."""
        return [each.decode() if isinstance(each, bytes) else each[0] for each in self]


class Callers:
    """The callers met so far, up to ``kept`` of them remembered by their bytes.

    Sessions begin anew all the time: what an identity says is worked out once for all that
    differ only in the access key and the time at which it was issued.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._kinds: dict[tuple[bytes, bytes, bytes], _Kind | None] = {}
        self._plain: dict[bytes, Seen] = {}
        self._whos: dict[tuple[str | None, str | None], int] = {}
        self._access_keys = _Tokens()
        self._issued = _Tokens()

    def of(self, raw: bytes) -> Seen:
        """The caller of an identity."""
        before, keyed, rest = raw.partition(_KEY)
        key, _, rest = rest.partition(b'"')
        middle, dated, rest = rest.partition(_DATE)
        date, _, end = rest.partition(b'"')
        try:
            kind = self._kinds[before, middle, end]
        except KeyError:
            kind = self._learn(raw, _Cut(before, middle, end, bool(keyed), bool(dated)))
        if kind is not None:
            who, access_key, issued, caller, account = kind
            if access_key is None:
                access_key = self._access_keys[key]
            if issued is None:
                issued = self._issued[date]
            if access_key >= 0 and issued >= 0:
                return who, access_key, issued, caller, account
        found = self._plain.get(raw)
        if found is None:
            if len(self._plain) >= self._kept:
                self._plain.clear()
            found = self._plain[raw] = self.told(caller_of(raw))
        return found

    def told(self, told: Caller) -> Seen:
        """A caller that has been read."""
        who = self._whos.setdefault(told[:2], len(self._whos))
        account = _ACCOUNT_OF.search(told.caller or "")
        access_key = self._access_keys.number(told.access_key)
        issued = self._issued.number(told.issued)
        return who, access_key, issued, told.caller, account[1] if account else None

    def _learn(self, raw: bytes, cut: _Cut) -> _Kind | None:
        """What identities have in common that differ only where they are cut; None: not so much."""
        told = caller_of(raw)
        kind = None
        if _follows(told, cut):
            who, access_key, issued, caller, account = self.told(told)
            keyed, dated = cut.keyed, cut.dated
            kind = who, None if keyed else access_key, None if dated else issued, caller, account
        if len(self._kinds) >= self._kept:
            self._kinds.clear()
        self._kinds[cut[:3]] = kind
        return kind

    def columns(
        self, whos: array[int], access_keys: array[int], issued: array[int]
    ) -> dict[str, Any]:
        """The columns of the dataset that follow from the callers of some rows."""
        return {
            **columns_of(("caller", "session"), self._whos, whos),
            "access_key": repeated(self._access_keys.texts(), access_keys),
            "issued": taken(moments(map(milliseconds, self._issued.texts())), issued),
        }


def _follows(told: Caller, cut: _Cut) -> bool:
    """True when another key and date, where it is cut, change those of the caller and no more."""
    if not cut.keyed:
        return True
    began = _DATE + _SOME_DATE.encode() + b'"' + cut.end if cut.dated else b""
    other = caller_of(cut.before + _KEY + _SOME_KEY.encode() + b'"' + cut.middle + began)
    issued = _SOME_DATE if cut.dated else told.issued
    return other == Caller(told.caller, told.session, _SOME_KEY, issued)


class _Began(msgspec.Struct, frozen=True):
    at: str | None = msgspec.field(default=None, name="creationDate")


class _InSession(msgspec.Struct, frozen=True):
    attributes: _Began | None = None


class _Rest(msgspec.Struct, frozen=True):
    """What is new in each session."""

    access_key: str | None = msgspec.field(default=None, name="accessKeyId")
    session: _InSession | None = msgspec.field(default=None, name="sessionContext")


_IDENTITY: Final = msgspec.json.Decoder(Identity)
_REST: Final = msgspec.json.Decoder(_Rest)
_NONE: Final = Identity()
_NOBODY: Final = Caller()


def caller_of(raw: bytes, provider: str | None = None) -> Caller:
    """The caller of one identity; nobody, where it cannot be read.

    ``provider`` is that of a SAML sign-in, which the request names.
    """
    if raw == _NULL:
        return _NOBODY
    try:
        identity, rest = _IDENTITY.decode(raw), _REST.decode(raw)
    except msgspec.DecodeError:
        given = _texts(value_in(raw))
        identity, rest = msgspec.convert(given, Identity), msgspec.convert(given, _Rest)
    if provider is not None:
        identity = msgspec.structs.replace(identity, provider=provider)
    session = None
    if identity.principal_id is not None and identity.type in {"AssumedRole", "AWSAccount"}:
        unique, colon, name = identity.principal_id.partition(":")
        start, slash, last = (identity.arn or "").rpartition("/")
        if colon and (last == name or identity.arn is None):
            session = name
            cut = None if identity.arn is None else start + slash
            identity = msgspec.structs.replace(identity, principal_id=unique + colon, arn=cut)
    attributes = rest.session.attributes if rest.session else None
    return Caller(
        None if identity == _NONE else encoded(identity),
        session,
        rest.access_key or None,
        attributes.at if attributes else None,
    )


def _texts(given: Json) -> Json:
    """What of an identity is texts and structures: the rest is not CloudTrail's."""
    if not isinstance(given, dict):
        return {}
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if name in _STRUCTURES:
            kept |= {name: _texts(value)} if isinstance(value, dict) else {}
        elif isinstance(value, bool):
            kept[name] = str(value).lower()
        elif isinstance(value, str):
            kept[name] = value
    return kept


_STRUCTURES: Final = frozenset(
    {"sessionContext", "sessionIssuer", "attributes", "webIdFederationData"}
)
