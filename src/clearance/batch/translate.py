"""CloudTrail records to rows of the dataset, by what each record tells alone."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

import msgspec

from clearance.batch import dataset
from clearance.batch.dataset import OWNED, Ask, Identity, encoded
from clearance.batch.doubts import Doubts, Watched
from clearance.batch.read import Record
from clearance.batch.what import Event, operation_of, permissions
from clearance.batch.who import who
from clearance.explain.evidence import Json, at
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call, Ports
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.request_context import request_context

__all__ = ["Translator", "asks", "requested_region"]

KEPT: Final = 300_000  # texts remembered before the work is begun anew
MFA: Final = "aws:MultiFactorAuthPresent"
_ACCOUNT: Final = re.compile(r"\d{12}")
_NULL: Final = b"null"
_SAML: Final = "AssumeRoleWithSAML"
_ACCOUNT_OF: Final = re.compile(r'"accountId":"(\d{12})"')
_NOBODY: Final = Principal(PrincipalKind.ANONYMOUS)


class _Asked(NamedTuple):
    """The columns that follow from the call and its caller's account."""

    source: str
    name: str
    version: str | None
    type: str | None
    region: str | None
    account: str | None
    requested_region: str | None
    action: str | None = None
    resource: str | None = None
    owner: str | None = None
    keys: str | None = None
    more: str | None = None
    gap: str | None = None
    doubts: str | None = None
    parameters: str | None = None
    resources: str | None = None


class _Caller(NamedTuple):
    """The columns that follow from ``userIdentity``."""

    caller: str | None
    session: str | None
    access_key: str | None
    issued: int | None


class _Circumstances(NamedTuple):
    """The columns that a record tells as they are."""

    source_ip: str | None
    vpc_endpoint: str | None
    user_agent: str | None
    tls: str | None
    error: str | None


@dataclass(slots=True)
class _Rows:
    """Rows as numbers of what was met before, column by column."""

    asked: array[int] = field(default_factory=lambda: array("i"))
    caller: array[int] = field(default_factory=lambda: array("i"))
    told: array[int] = field(default_factory=lambda: array("i"))
    times: list[Any] = field(default_factory=list)


class Translator:
    """Collects records; `table` gives them as rows of the dataset and begins anew.

    What repeats is worked out once: a caller by the bytes of its identity, permissions by all
    that they follow from.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._principals: dict[str | None, tuple[Principal, bool]] = {}
        self._tls: dict[bytes, str | None] = {_NULL: None}
        self._begin()

    def _begin(self) -> None:
        self._rows = _Rows()
        self._identities: dict[bytes, tuple[int, str | None, str | None]] = {}
        self._asked: dict[object, int] = {}
        self._told: dict[object, int] = {}
        self._bundles: dict[_Asked, int] = {}
        self._callers: dict[_Caller, int] = {}
        self._circumstances: dict[_Circumstances, int] = {}

    def __len__(self) -> int:
        return len(self._rows.asked)

    def add(self, record: Record) -> None:
        """Translate one record."""
        rows = self._rows
        raw, parameters = bytes(record.user_identity), bytes(record.request_parameters)
        source, name = record.event_source, record.event_name
        known = self._identities.get(raw)
        if known is None or name == _SAML:
            known = self._identity(raw, parameters if name == _SAML else _NULL)
        number, caller, account = known
        key = (
            source, name, record.event_type, record.aws_region, record.recipient_account_id,
            record.api_version, parameters, bytes(record.resources), account,
        )  # fmt: skip
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked.get((key, caller))
            if asked is None:
                asked = self._ask(record, caller, account, key)
        plain = (
            record.source_ip, record.vpc_endpoint_id, record.user_agent,
            bytes(record.tls_details), record.error_code,
        )  # fmt: skip
        try:
            told = self._told.get(plain)
        except TypeError:  # a structure where a text belongs
            told = self._circumstance(record)
        else:
            if told is None:
                told = self._told[plain] = self._circumstance(record)
        rows.asked.append(asked)
        rows.caller.append(number)
        rows.told.append(told)
        rows.times.append(record.event_time)

    def _circumstance(self, record: Record) -> int:
        if len(self._told) >= KEPT:
            self._told.clear()
        found = _Circumstances(
            _plainly(record.source_ip), _plainly(record.vpc_endpoint_id),
            _agent(record.user_agent), self._tls_of(bytes(record.tls_details)),
            _plainly(record.error_code),
        )  # fmt: skip
        return self._circumstances.setdefault(found, len(self._circumstances))

    def _tls_of(self, raw: bytes) -> str | None:
        if raw not in self._tls:
            if len(self._tls) >= KEPT:
                self._tls.clear()
            version = at(msgspec.json.decode(raw), "tlsVersion")
            self._tls[raw] = version if isinstance(version, str) and version else None
        return self._tls[raw]

    def _identity(self, raw: bytes, parameters: bytes) -> tuple[int, str | None, str | None]:
        """The number of a caller, its text, and its account."""
        if len(self._identities) >= KEPT:
            self._identities.clear()
        provider = at(msgspec.json.decode(parameters), "principalArn")
        caller = _caller(raw, provider if isinstance(provider, str) else None)
        number = self._callers.setdefault(caller, len(self._callers))
        account = _ACCOUNT_OF.search(caller.caller or "")
        found = (number, caller.caller, account[1] if account else None)
        if parameters == _NULL:
            self._identities[raw] = found
        return found

    def _ask(self, record: Record, caller: str | None, account: str | None, key: object) -> int:
        if len(self._asked) >= KEPT:
            self._asked.clear()
        found, seen = self._asks(record, caller, account)
        number = self._bundles.setdefault(found, len(self._bundles))
        self._asked[(key, caller) if seen else key] = number
        return number

    def _asks(self, record: Record, caller: str | None, account: str | None) -> tuple[_Asked, bool]:
        """The columns of the call, and whether they follow from more of the caller."""
        region, recipient = _text(record.aws_region), _text(record.recipient_account_id)
        kind = None if record.event_type in {None, "AwsApiCall"} else str(record.event_type)
        base = _Asked(
            record.event_source, record.event_name, _text(record.api_version), kind, region,
            recipient,
            requested_region(region, record.event_source),
        )  # fmt: skip
        if kind is not None:
            return base, False
        principal, told = self._principal(caller, account)
        watched, doubts = Watched(principal), Doubts()
        parameters, resources = bytes(record.request_parameters), bytes(record.resources)
        event = Event(
            record.event_source, record.event_name, region or "us-east-1", recipient or "",
            _text(record.api_version), msgspec.json.decode(parameters),
            msgspec.json.decode(resources),
        )  # fmt: skip
        found = asks(
            event, cast("Principal", watched), cast("Estate", doubts), self._catalog, doubts.asked
        )
        if watched.seen and not told:
            doubts.asked["estate"] = None
        first, more = found[0], found[1:]
        open_ = bool(doubts.asked)
        asked = base._replace(
            action=first.action, resource=first.resource, owner=first.owner, gap=first.gap,
            keys=encoded(first.keys) if first.keys else None,
            more=encoded(more) if more else None,
            doubts=encoded(sorted(doubts.asked)) if open_ else None,
            parameters=parameters.decode() if open_ and parameters != _NULL else None,
            resources=resources.decode() if open_ and resources != _NULL else None,
        )  # fmt: skip
        return asked, watched.seen

    def _principal(self, caller: str | None, account: str | None) -> tuple[Principal, bool]:
        """The caller as far as the record tells, and whether it does."""
        known = self._principals.get(caller)
        if known is None:
            identity = msgspec.json.decode(caller) if caller else None
            found = who(identity, Estate(), frozenset()).principal
            known = (found or Principal(PrincipalKind.ANONYMOUS, account=account), bool(found))
            self._principals[caller] = known
        return known

    def table(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        """The rows collected so far, as a table of the dataset's schema."""
        import pyarrow as pa  # noqa: PLC0415

        rows = self._rows
        columns: dict[str, Any] = {
            "time": _moments(_times(rows.times)),
            **_columns(_Circumstances._fields, self._circumstances, rows.told),
            **_columns(_Asked._fields, self._bundles, rows.asked),
            **_columns(_Caller._fields[:-1], self._callers, rows.caller),
        }
        issued = array("q", (_NO_TIME if c.issued is None else c.issued for c in self._callers))
        columns["issued"] = _moments(issued).take(_numbers(rows.caller))
        self._begin()
        schema = dataset.schema()
        return pa.table([columns[name] for name in schema.names], schema=schema)


def asks(
    event: Event,
    principal: Principal,
    estate: Estate,
    catalog: Catalog,
    doubts: dict[str, None] | None = None,
) -> tuple[Ask, ...]:
    """The permissions of a call, its own first, in the words of the dataset.

    ``doubts`` collects what an estate could know better.
    """
    _, model, operation = operation_of(event.source, event.name, event.version)
    members = (
        model.shapes[operation.input].members if model and operation and operation.input else {}
    )
    # An operation that takes nothing keeps nothing back.
    told = isinstance(event.parameters, dict) or (operation is not None and not members)
    gaps = [] if operation is not None else ["operation"]
    gaps += [] if told else ["parameters"]
    unknown = {MFA: None} if isinstance(at(event.parameters, "serialNumber"), str) else {}
    caller = principal.account or event.account
    found = []
    for each in permissions(event, principal, estate, catalog):
        owner = _owner_of(each, caller, event.resources, doubts)
        keys = {key: _plain(value) for key, value in each.context.items()} | unknown
        gap = gaps if each.derived else [*gaps, "resource"]
        found.append(Ask(each.action, each.resource, owner, keys, " ".join(gap) or None))
    return tuple(found)


def _owner_of(
    asked: Permission, caller: str, named: Json, doubts: dict[str, None] | None
) -> str | None:
    """The owner, where it is not simply what the ARN says, else the caller's account."""
    owner = asked.resource_account
    arn = Arn.find(asked.resource)
    if owner is None or owner == OWNED:
        return None
    if arn is None:
        return None if owner == caller else owner
    if _ACCOUNT.fullmatch(arn.account):
        return None if owner == arn.account else owner
    if doubts is not None and owner == caller and f'"{owner}"' not in encoded(named):
        # A rule of the service says so, whoever holds the resource.
        doubts[f"holder {asked.resource.split('/', 1)[0]}"] = None
    return owner


def _plain(value: object) -> str | bool | list[str]:
    if isinstance(value, str | bool):
        return value
    return [str(each) for each in value] if isinstance(value, tuple | list) else str(value)


@lru_cache(maxsize=8192)
def requested_region(region: str | None, source: str) -> str | None:
    """The Region that was called; of services with one endpoint, that endpoint's."""
    if region is None:
        return None
    call = Call(_NOBODY, "", region, _NEVER, cast("Ports", None))
    return str(request_context(call, prefix=source.partition(".")[0])["aws:RequestedRegion"])


_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_NO_TIME: Final = -(1 << 63)


def milliseconds(text: object) -> int:
    """A time since 1970; the lowest number for what is no time."""
    if not isinstance(text, str):
        return _NO_TIME
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _NO_TIME
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _times(texts: list[Any]) -> array[int]:
    """All at once, as they nearly always can be read; else one by one."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        found = pa.array(texts, pa.string()).cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return array("q", map(milliseconds, texts))
    if found.null_count:
        return array("q", map(milliseconds, texts))
    return array("q", found.to_numpy().tobytes())


def _plainly(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _agent(text: object) -> str | None:
    """CloudTrail puts some agents into brackets, and writes `AWS Internal` for its own."""
    if not isinstance(text, str) or text in {"", "AWS Internal"}:
        return None
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


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


def _caller(raw: bytes, provider: str | None) -> _Caller:
    """The caller apart from what is new in each session."""
    if raw == _NULL:
        return _Caller(None, None, None, None)
    try:
        identity, rest = _IDENTITY.decode(raw), _REST.decode(raw)
    except msgspec.ValidationError:
        given = _texts(msgspec.json.decode(raw))
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
    issued = milliseconds(attributes.at if attributes else None)
    return _Caller(
        None if identity == _NONE else encoded(identity),
        session,
        rest.access_key or None,
        None if issued == _NO_TIME else issued,
    )


_NONE: Final = Identity()


def _texts(given: Json) -> Json:
    """What of an identity is texts and structures: the rest is not CloudTrail's."""
    if not isinstance(given, dict):
        return {}
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict):
            kept[name] = _texts(value)
        elif isinstance(value, bool):
            kept[name] = str(value).lower()
        elif isinstance(value, str) and name not in _STRUCTURES:
            kept[name] = value
    return kept


_STRUCTURES: Final = frozenset(
    {"sessionContext", "sessionIssuer", "attributes", "webIdFederationData"}
)


def _numbers(numbers: array[int]) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa  # noqa: PLC0415

    return pa.Array.from_buffers(pa.int32(), len(numbers), [None, pa.py_buffer(numbers)])


def _moments(numbers: array[int]) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import compute  # noqa: PLC0415

    found = pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])
    known = compute.if_else(compute.equal(found, _NO_TIME), None, found)
    return known.cast(pa.timestamp("ms", tz="UTC"))


def _column(values: Iterable[str | None], codes: array[int]) -> Any:  # noqa: ANN401
    """Some values as a column, repeated as the rows repeat them."""
    import pyarrow as pa  # noqa: PLC0415

    return pa.array(list(values), pa.string()).dictionary_encode().take(_numbers(codes))


def _columns(
    names: Iterable[str], bundles: Iterable[tuple[Any, ...]], codes: array[int]
) -> Mapping[str, Any]:
    made = list(bundles)
    return {
        name: _column((bundle[place] for bundle in made), codes) for place, name in enumerate(names)
    }
