"""CloudTrail records to what was authorized; what a record does not tell stays unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

import msgspec

from clearance.batch.read import Record
from clearance.batch.what import Event, operation_of, permissions
from clearance.batch.who import Value, Who, who
from clearance.explain.evidence import Json, at
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request
from clearance.operations.call import Call as ApiCall
from clearance.operations.call import Ports
from clearance.operations.permissions.request_context import request_context

__all__ = ["Call", "Mapper", "Outcome", "Skipped"]

KEPT: Final = 300_000  # texts and calls remembered before the work is begun anew
_ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
# "Client.UnauthorizedOperation", "AccessDenied", "AuthorizationError": services do not agree.
_DENIED: Final = re.compile(
    r"(?i)access.?denied|unauthori[sz]ed|not.?authori[sz]ed|authorizationerror"
)
# Keys that follow from one another: whoever asks for one needs what the others rest on.
_NETWORK: Final = (
    "aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpceAccount",
    "aws:VpceOrg",
)  # fmt: skip
_TAGS: Final = ("aws:RequestTag/", "aws:TagKeys")
_MFA: Final = "aws:MultiFactorAuthPresent"

Entries = tuple[tuple[str, Value], ...]


class Outcome:
    """What AWS did with a call."""

    ALLOWED: Final = 0
    DENIED: Final = 1
    FAILED: Final = 2  # another error: whether it was authorized is not recorded


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is no request that could be decided, and why."""

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One kind of call: all that must be allowed for it, and what the record left open."""

    number: int
    source: str
    name: str
    requests: tuple[Request, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One permission of a call, before it is known under which circumstances."""

    action: str
    resource: str
    account: str | None
    entries: Entries
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


class Mapper:
    """Makes calls of records; equal ones become the same `Call`.

    ``spoken`` are the context keys that the policies to be asked speak of: what no policy tests
    cannot tell two requests apart, so it is left out. ``outcome`` reads what AWS answered.
    """

    def __init__(self, estate: Estate, catalog: Catalog, spoken: Container[str]) -> None:
        self.estate = estate
        self.catalog = catalog
        self.spoken = spoken
        self._network = any(key in spoken for key in _NETWORK)
        self._who: dict[tuple[bytes, bytes], tuple[int, Who]] = {}
        self._principals: dict[str, tuple[int, Principal]] = {}
        self._alone: dict[str, Who] = {}
        self._asked: dict[object, tuple[int, tuple[_Asked, ...], tuple[str, ...]]] = {}
        self._alike: dict[object, int] = {}
        self._calls: dict[object, Call] = {}
        self._count = 0
        wanted: dict[str, Callable[[Record], Value | None]] = {
            "aws:UserAgent": _agent,
            "aws:CurrentTime": _current,
            "aws:EpochTime": _epoch,
            "aws:SecureTransport": _secure,
            "aws:RequestedRegion": _region,
        }
        self._wanted = tuple((key, tell) for key, tell in wanted.items() if key in spoken)

    def call(self, record: Record) -> Call | Skipped:
        """The call a record tells of."""
        if record.event_type not in {None, "AwsApiCall"}:
            return Skipped(f"{record.event_type} events are not authorized calls")
        number, found = self._caller(record)
        if found.principal is None:
            return Skipped(found.gap or "the caller cannot be told")
        what = (
            number, record.event_source, record.event_name, record.aws_region, record.api_version,
            record.recipient_account_id, bytes(record.request_parameters), bytes(record.resources),
        )  # fmt: skip
        asked = self._asked.get(what)
        if asked is None:
            if len(self._asked) >= KEPT:
                self._asked.clear()
            asked = self._asked[what] = self._ask(record, number, found)
        entries = self._entries(record, found)
        key = (asked[0], entries)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._made(record, found, asked)
        return call

    def _caller(self, record: Record) -> tuple[int, Who]:
        saml = record.event_name == "AssumeRoleWithSAML"
        raw = (bytes(record.user_identity), bytes(record.request_parameters) if saml else b"")
        known = self._who.get(raw)
        if known is not None:
            return known
        if len(self._who) >= KEPT:
            self._who.clear()
        found = who(_json(raw[0]), _json(raw[1]), self.estate, self.spoken)
        number = -1
        if found.principal is not None:
            # The same object for the same principal: engines know their callers by it.
            number, principal = self._principals.setdefault(
                repr(found.principal), (len(self._principals), found.principal)
            )
            found = Who(principal, found.context, found.unknown, found.gap, found.for_caller)
            found = self._alone.setdefault(repr(found), found)
        known = self._who[raw] = (number, found)
        return known

    def _ask(
        self, record: Record, number: int, found: Who
    ) -> tuple[int, tuple[_Asked, ...], tuple[str, ...]]:
        assert found.principal is not None  # noqa: S101
        parameters = _json(bytes(record.request_parameters))
        event = Event(
            record.event_source, record.event_name, _text(record.aws_region) or "us-east-1",
            _text(record.recipient_account_id) or "", _text(record.api_version), parameters,
            _json(bytes(record.resources)),
        )  # fmt: skip
        gaps: list[str] = []
        asked = []
        told = isinstance(parameters, dict)
        _, _, operation = operation_of(event.source, event.name, event.version)
        if operation is None:
            gaps.append(f"`{event.name}` is no operation of {event.source} that is known here")
        for each in permissions(event, found.principal, self.estate, self.catalog):
            entries = tuple(
                (key, _entry(value)) for key, value in each.context.items() if self._keeps(key)
            )
            if not each.derived:
                gaps.append(f"the resource of {each.action} cannot be told from the record")
            # Tags travel in the parameters: where these are told, so are those.
            complete = told and operation is not None
            absent = tuple(key for key in _TAGS if key in self.spoken) if complete else ()
            unknown = (_MFA,) if isinstance(at(parameters, "serialNumber"), str) else ()
            asked.append(
                _Asked(each.action, each.resource, each.resource_account, entries, absent, unknown)
            )
        made, told_of = tuple(asked), tuple(dict.fromkeys(gaps))
        alike = (number, event.source, event.name, made, told_of)
        return self._alike.setdefault(alike, len(self._alike)), made, told_of

    def _keeps(self, key: str) -> bool:
        # Conditions of KMS grants are in no policy text.
        return key.startswith("kms:") or key in self.spoken

    def _entries(self, record: Record, found: Who) -> tuple[object, ...]:
        """Circumstances that a policy may test, and where the caller was."""
        place: str | None = None
        if not found.for_caller and (self._network or record.vpc_endpoint_id):
            place = _text(record.source_ip)
        values = tuple([tell(record) for _, tell in self._wanted])
        # Callers alike are one object, so that its number tells them apart.
        return (_text(record.vpc_endpoint_id), place, values, id(found))

    def _made(
        self,
        record: Record,
        found: Who,
        asked: tuple[int, tuple[_Asked, ...], tuple[str, ...]],
    ) -> Call:
        assert found.principal is not None  # noqa: S101
        base: dict[str, Value] = dict(found.context)
        for key, tell in self._wanted:
            value = tell(record)
            if value is not None and not (found.for_caller and key == "aws:UserAgent"):
                base[key] = value
        base |= self._where(record, found)
        self._count += 1
        requests = tuple(
            Request(
                found.principal,
                one.action,
                one.resource,
                Context.of(
                    {**base, **dict(one.entries)},
                    absent=one.absent,
                    unknown=(*found.unknown, *one.unknown),
                ),
                one.account,
            )
            for one in asked[1]
        )
        return Call(self._count - 1, record.event_source, record.event_name, requests, asked[2])

    def _where(self, record: Record, found: Who) -> Mapping[str, Value]:
        if found.for_caller:
            return {}
        address, endpoint = _text(record.source_ip) or "", _text(record.vpc_endpoint_id)
        numeric = bool(_ADDRESS.fullmatch(address))
        if endpoint is not None:
            # "aws:SourceIp … is not available" through a VPC endpoint: it is aws:VpcSourceIp.
            inner = {"aws:VpcSourceIp": address} if numeric and self._network else {}
            return {"aws:SourceVpce": endpoint, **inner}
        return {"aws:SourceIp": address} if numeric and self._network else {}

    @staticmethod
    def outcome(record: Record) -> int:
        """What AWS did."""
        code = record.error_code
        if not code:
            return Outcome.ALLOWED
        return Outcome.DENIED if _DENIED.search(str(code)) else Outcome.FAILED


def _json(raw: bytes) -> Json:
    if not raw:
        return None
    value: Json = msgspec.json.decode(raw)
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _entry(value: object) -> Value:
    if isinstance(value, bool | str):
        return value
    return tuple(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _agent(record: Record) -> Value | None:
    """CloudTrail puts some agents into brackets, and writes `AWS Internal` for its own."""
    text = _text(record.user_agent)
    if text is None or text == "AWS Internal":
        return None
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _current(record: Record) -> Value | None:
    return _text(record.event_time)


def _epoch(record: Record) -> Value | None:
    try:
        found = datetime.fromisoformat(str(record.event_time))
    except ValueError:
        return None
    return str(int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()))


def _secure(record: Record) -> Value | None:
    """TLS details are there or not; that they are missing says nothing."""
    return True if at(_json(bytes(record.tls_details)), "tlsVersion") else None


def _region(record: Record) -> Value | None:
    """The Region that was called; of services with one endpoint, that endpoint's."""
    region = _text(record.aws_region)
    if region is None:
        return None
    call = ApiCall(_NOBODY, "", region, datetime.min.replace(tzinfo=UTC), cast("Ports", None))
    prefix = str(record.event_source).partition(".")[0]
    return str(request_context(call, prefix=prefix)["aws:RequestedRegion"])


_NOBODY: Final = Principal(PrincipalKind.ANONYMOUS)
