"""Rows of the dataset to what was authorized in an estate; what is not told stays unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec

from clearance.batch.dataset import OWNED, Ask
from clearance.batch.doubts import Answers, Watched
from clearance.batch.keys import has_grants
from clearance.batch.translate import asks
from clearance.batch.what import Event
from clearance.batch.who import Value, Who, who
from clearance.decide.identify import complete
from clearance.explain.evidence import Json
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.model.request import Context, Request

__all__ = [
    "Asked",
    "Call",
    "Mapper",
    "Outcome",
    "Row",
    "Skipped",
    "Template",
    "is_address",
    "moment",
]

KEPT: Final = 300_000  # callers and calls remembered before the work is begun anew
FEW: Final = 20_000  # permissions remembered, each with its context keys
_ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
_ACCOUNT: Final = re.compile(r"\d{12}")
# "Client.UnauthorizedOperation", "AccessDenied", "AuthorizationError": services do not agree.
_DENIED: Final = re.compile(
    r"(?i)access.?denied|unauthori[sz]ed|not.?authori[sz]ed|authorizationerror"
)
# Keys that follow from one another: whoever asks for one needs what the others rest on.
NETWORK: Final = (
    "aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpceAccount",
    "aws:VpceOrg",
)  # fmt: skip
_TAGS: Final = ("aws:RequestTag/", "aws:TagKeys")
_UNTOLD: Final = frozenset({"operation", "parameters"})
ANY: Final = "any"  # a session whose name nobody asks for


class Outcome:
    """What AWS did with a call."""

    ALLOWED: Final = 0
    DENIED: Final = 1
    FAILED: Final = 2  # another error: whether it was authorized is not recorded

    @classmethod
    def of(cls, error: str | None) -> int:
        """By the error's code."""
        if not error:
            return cls.ALLOWED
        return cls.DENIED if _DENIED.search(error) else cls.FAILED


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row of the dataset, as far as it bears on a decision; times in milliseconds."""

    time: int | None = None
    source: str = ""
    name: str = ""
    version: str | None = None
    type: str | None = None
    region: str | None = None
    account: str | None = None
    caller: str | None = None
    session: str | None = None
    issued: int | None = None
    action: str | None = None
    resource: str | None = None
    owner: str | None = None
    keys: str | None = None
    more: str | None = None
    gap: str | None = None
    doubts: str | None = None
    parameters: str | None = None
    resources: str | None = None
    requested_region: str | None = None
    source_ip: str | None = None
    vpc_endpoint: str | None = None
    user_agent: str | None = None
    tls: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no request that could be decided, and why."""

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """All that must be allowed for a call, and what the record left open."""

    source: str
    name: str
    requests: tuple[Request, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """One permission of a call, before it is known under which circumstances."""

    action: str
    resource: str
    account: str | None
    entries: tuple[tuple[str, Value], ...]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One permission of a call as recorded: its resource and whose it is are settled last."""

    action: str
    resource: str
    owner: str | None
    entries: tuple[tuple[str, Value | None], ...]
    absent: tuple[str, ...]

    def on(self, resource: str, account: str | None) -> Asked:
        """The permission on a resource of an account."""
        entries = tuple(
            (key, (account or "") if value == OWNED else value)
            for key, value in self.entries
            if value is not None
        )
        unknown = tuple(key for key, value in self.entries if value is None)
        return Asked(self.action, resource, account, entries, self.absent, unknown)


class Mapper:
    """Makes calls of rows, for one estate; equal ones become the same `Call`.

    ``spoken`` are the context keys that the policies to be asked speak of: what no policy tests
    cannot tell two requests apart, so it is left out.
    """

    def __init__(self, estate: Estate, catalog: Catalog, spoken: Container[str]) -> None:
        self.estate = estate
        self.catalog = catalog
        self.spoken = spoken
        self.network = any(key in spoken for key in NETWORK)
        self.wanted = frozenset(key for key in _KEYS if key in spoken)
        # Conditions of KMS grants are in no policy's text.
        self._grants = has_grants(estate)
        self._answers = Answers(estate)
        self._holders: dict[str, str] = {}
        for account in estate.accounts.values():
            for arn in account.resources:
                self._holders.setdefault(arn, account.id)
        self._who: dict[tuple[str | None, str | None, int | None], Who] = {}
        self._principals: dict[str, Principal] = {}
        self._alone: dict[str, Who] = {}
        self._open: dict[str, bool] = {}
        self._asks: dict[tuple[str | None, ...], tuple[Ask, ...]] = {}
        self._calls: dict[object, Call] = {}
        self._asked: dict[object, tuple[tuple[Template, ...], tuple[str, ...]]] = {}
        self._projected: dict[str | None, tuple[tuple[str, Value | None], ...]] = {}
        self._contexts: dict[object, Context] = {}

    def fresh(self, row: Row) -> Call | Skipped:
        """The call a row tells of, for those who ask once for each."""
        found = self.caller(row)
        if row.action is None or found.principal is None:
            return Skipped(self.reason(row, found))
        base = {**found.context, **self.circumstances(row, found)}
        return self._made(row, found, base, *self.asked(row, found.principal))

    def call(self, row: Row) -> Call | Skipped:
        """The call a row tells of; equal ones are one object."""
        found = self.caller(row)
        if row.action is None or found.principal is None:
            return Skipped(self.reason(row, found))
        base: dict[str, Value] = {**found.context, **self.circumstances(row, found)}
        asked, gaps = self.asked(row, found.principal)
        key = (row.source, row.name, id(found), asked, gaps, tuple(sorted(base.items())))
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= KEPT:
                self._calls.clear()
            call = self._calls[key] = self._made(row, found, base, asked, gaps)
        return call

    def reason(self, row: Row, found: Who) -> str:
        """Why a row by a caller is no request that could be decided."""
        if row.action is None:
            return f"{row.type} events are not authorized calls"
        return found.gap or "the caller cannot be told"

    def _made(
        self,
        row: Row,
        found: Who,
        base: Mapping[str, Value],
        asked: tuple[Asked, ...],
        gaps: tuple[str, ...],
    ) -> Call:
        assert found.principal is not None  # noqa: S101
        requests = tuple(
            Request(
                found.principal,
                one.action,
                one.resource,
                self._context(
                    {**base, **dict(one.entries)}, one.absent, (*found.unknown, *one.unknown)
                ),
                one.account,
            )
            for one in asked
        )
        return Call(row.source, row.name, requests, gaps)

    def _context(
        self, entries: Mapping[str, Value], absent: tuple[str, ...], unknown: tuple[str, ...]
    ) -> Context:
        """A context; equal ones are one object: there are far fewer than calls."""
        key = (tuple(entries.items()), absent, unknown)
        found = self._contexts.get(key)
        if found is None:
            if len(self._contexts) >= KEPT:
                self._contexts.clear()
            found = self._contexts[key] = Context.of(entries, absent=absent, unknown=unknown)
        return found

    def caller(self, row: Row) -> Who:
        """Who called; equal callers are one object."""
        key = (row.caller, row.session, row.issued)
        found = self._who.get(key)
        if found is None:
            if len(self._who) >= KEPT:
                self._who.clear()
            found = self._who[key] = self._folded(who(_identity(row), self.estate, self.spoken))
        return found

    def _folded(self, found: Who) -> Who:
        if found.principal is None:
            return found
        # The same object for the same principal: engines know their callers by it.
        principal = self._principals.setdefault(repr(found.principal), found.principal)
        same = Who(principal, found.context, found.unknown, found.gap, found.for_caller)
        return self._alone.setdefault(repr(same), same)

    def asked(self, row: Row, principal: Principal) -> tuple[tuple[Asked, ...], tuple[str, ...]]:
        """What had to be allowed, and in words what of it the record does not tell."""
        caller = principal.account or row.account or None
        if self.open(row.doubts):
            every = self._every(row, principal)
            templates, gaps = tuple(map(self._template, every)), _all_gaps(row, every)
            resource = templates[0].resource
        else:
            templates, gaps = self._recorded(row)
            resource = row.resource or "*"
        first, *others = templates
        made = [first.on(resource, self.owner(resource, first.owner, caller))]
        made += [t.on(t.resource, self.owner(t.resource, t.owner, caller)) for t in others]
        return tuple(made), gaps

    def _recorded(self, row: Row) -> tuple[tuple[Template, ...], tuple[str, ...]]:
        """What is asked as recorded, on whatever resource, and its gaps; many rows ask the same."""
        key = (row.source, row.name, row.action, row.owner, row.keys, row.more, row.gap)
        found = self._asked.get(key)
        if found is None:
            if len(self._asked) >= FEW:
                self._asked.clear()
            every = self._every(row, None)
            found = self._asked[key] = (tuple(map(self._template, every)), _all_gaps(row, every))
        return found

    def templates(self, row: Row, principal: Principal | None = None) -> tuple[Template, ...]:
        """What had to be allowed, the call's own permission first.

        Whoever asks, unless the estate has an answer to the row's doubts.
        """
        return tuple(map(self._template, self._every(row, principal)))

    def gaps(self, row: Row) -> tuple[str, ...]:
        """In words, what of the permissions as recorded the record does not tell."""
        more = _MORE.decode(row.more) if row.more else ()
        return _all_gaps(row, (Ask(row.action or "", gap=row.gap), *more))

    def open(self, doubts: str | None) -> bool:
        """True when the estate knows what the record does not tell: permissions may differ."""
        if doubts is None:
            return False
        found = self._open.get(doubts)
        if found is None:
            if len(self._open) >= KEPT:
                self._open.clear()
            found = self._open[doubts] = self._answers.any(msgspec.json.decode(doubts))
        return found

    def _every(self, row: Row, principal: Principal | None) -> tuple[Ask, ...]:
        if principal is not None and self.open(row.doubts):
            event = Event(
                row.source, row.name, row.region or "us-east-1", row.account or "",
                row.version,
                _json(row.parameters), _json(row.resources),
            )  # fmt: skip
            return self._answered(event, complete(principal, self.estate), row)
        assert row.action is not None  # noqa: S101
        keys = msgspec.json.decode(row.keys) if row.keys else {}
        first = Ask(row.action, row.resource or "*", row.owner, keys, row.gap)
        return (first, *(_MORE.decode(row.more) if row.more else ()))

    def _answered(self, event: Event, principal: Principal, row: Row) -> tuple[Ask, ...]:
        """What is asked for where the estate has a say; callers of an account mostly ask alike."""
        key = (
            row.source, row.name, row.version, row.region, row.account, row.parameters,
            row.resources, principal.account, principal.partition,
        )  # fmt: skip
        found = self._asks.get(key)
        if found is None:
            watched = Watched(principal)
            found = asks(event, cast("Principal", watched), self.estate, self.catalog)
            if not watched.seen:
                if len(self._asks) >= KEPT:
                    self._asks.clear()
                self._asks[key] = found
        return found

    def _template(self, ask: Ask) -> Template:
        entries = self._entries(ask.keys)
        return Template(ask.action, ask.resource, ask.owner, entries, self.absent(ask.gap))

    def _entries(self, keys: Mapping[str, Any]) -> tuple[tuple[str, Value | None], ...]:
        """The keys that policies speak of, with their values."""
        return tuple(
            (key, tuple(value) if isinstance(value, list) else value)
            for key, value in keys.items()
            if key in self.spoken or (self._grants and key.startswith("kms:"))
        )

    def absent(self, gap: str | None) -> tuple[str, ...]:
        """Tags travel in the parameters: where these are told, so are those."""
        told = gap is None or not _UNTOLD.intersection(gap.split())
        return tuple(key for key in _TAGS if key in self.spoken) if told else ()

    def owner(self, resource: str, told: str | None, caller: str | None) -> str | None:
        """Whose a resource is: as its ARN or the estate says, else as told, else the caller's."""
        arn = Arn.find(resource)
        if arn is None:
            return told or caller
        if _ACCOUNT.fullmatch(arn.account):
            return told or arn.account
        base = resource.split("/", 1)[0] if arn.service == "s3" else resource
        return self._holders.get(base) or told or caller

    def projected(self, keys: str | None) -> tuple[tuple[str, Value | None], ...]:
        """The keys of a permission (their JSON) that policies speak of, with their values."""
        found = self._projected.get(keys)
        if found is None:
            if len(self._projected) >= KEPT:
                self._projected.clear()
            found = self._projected[keys] = self._entries(msgspec.json.decode(keys) if keys else {})
        return found

    def circumstances(self, row: Row, found: Who) -> Mapping[str, Value]:
        """Where, when and how the call was made, as far as policies speak of it."""
        told = dict(self._where(row, found))
        for key in self.wanted:
            value = _KEYS[key](row)
            if value is not None and not (found.for_caller and key == "aws:UserAgent"):
                told[key] = value
        return told

    def _where(self, row: Row, found: Who) -> Mapping[str, Value]:
        if found.for_caller:
            return {}
        address, endpoint = row.source_ip or "", row.vpc_endpoint
        numeric = self.network and is_address(address)
        if endpoint is not None:
            # "aws:SourceIp … is not available" through a VPC endpoint: it is aws:VpcSourceIp.
            inner = {"aws:VpcSourceIp": address} if numeric else {}
            return {"aws:SourceVpce": endpoint, **inner}
        return {"aws:SourceIp": address} if numeric else {}


_MORE: Final = msgspec.json.Decoder(tuple[Ask, ...])


def _json(text: str | None) -> Json:
    return None if text is None else msgspec.json.decode(text)


def _identity(row: Row) -> Json:
    """``userIdentity`` again, with the session that was cut from it."""
    found = _json(row.caller)
    if not isinstance(found, dict):
        return found
    session = ANY if row.session is None else row.session
    if isinstance(unique := found.get("principalId"), str) and unique.endswith(":"):
        found["principalId"] = unique + session
    if isinstance(arn := found.get("arn"), str) and arn.endswith("/"):
        found["arn"] = arn + session
    if row.issued is not None:
        context = found.setdefault("sessionContext", {})
        context.setdefault("attributes", {})["creationDate"] = moment(row.issued)
    return found


def is_address(text: str) -> bool:
    """False for the names that services put in place of addresses."""
    return _ADDRESS.fullmatch(text) is not None


def _all_gaps(row: Row, every: Iterable[Ask]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(gap for ask in every for gap in _gaps(row, ask)))


def _gaps(row: Row, ask: Ask) -> tuple[str, ...]:
    gaps = (ask.gap or "").split()
    told = {
        "operation": f"`{row.name}` is no operation of {row.source} that is known here",
        "resource": f"the resource of {ask.action} cannot be told from the record",
    }
    return tuple(told[gap] for gap in gaps if gap in told)


def moment(milliseconds: int | None) -> str:
    """A time as AWS writes it.

    >>> moment(1767225600000)
    '2026-01-01T00:00:00Z'
    """
    if milliseconds is None:
        return ""
    found = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return found.isoformat(timespec="seconds").replace("+00:00", "Z")


# Keys of the call itself and the columns that tell them; that TLS details are missing says nothing.
_KEYS: Final[Mapping[str, Callable[[Row], Value | None]]] = {
    "aws:UserAgent": lambda row: row.user_agent,
    "aws:CurrentTime": lambda row: moment(row.time) or None,
    "aws:EpochTime": lambda row: None if row.time is None else str(row.time // 1000),
    "aws:SecureTransport": lambda row: True if row.tls else None,
    "aws:RequestedRegion": lambda row: row.requested_region,
}
