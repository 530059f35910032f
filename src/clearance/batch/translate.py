"""CloudTrail records to rows of the dataset, by what each record tells alone."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from clearance.batch import dataset
from clearance.batch.arrays import Met, columns_of, moments, repeated, times_of
from clearance.batch.callers import Callers, Seen, caller_of
from clearance.batch.dataset import OWNED, Ask, Asked, encoded
from clearance.batch.doubts import Doubts, Watched
from clearance.batch.read import Record, value_in
from clearance.batch.stencils import Stencils
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
_SAML: Final = "AssumeRoleWithSAML"
_NOBODY: Final = Principal(PrincipalKind.ANONYMOUS)


@dataclass(slots=True)
class _Rows:
    """Rows as numbers of what was met before, column by column."""

    asked: array[int] = field(default_factory=lambda: array("i"))
    who: array[int] = field(default_factory=lambda: array("i"))
    access_key: array[int] = field(default_factory=lambda: array("i"))
    issued: array[int] = field(default_factory=lambda: array("i"))
    source_ip: array[int] = field(default_factory=lambda: array("i"))
    vpc_endpoint: array[int] = field(default_factory=lambda: array("i"))
    user_agent: array[int] = field(default_factory=lambda: array("i"))
    tls: array[int] = field(default_factory=lambda: array("i"))
    error: array[int] = field(default_factory=lambda: array("i"))
    times: list[Any] = field(default_factory=list)


class Translator:
    """Collects records; `table` gives them as rows of the dataset and begins anew.

    What repeats is worked out once: a caller by the bytes of its identity, permissions by all
    that they follow from.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._principals: dict[str | None, tuple[Principal, bool]] = {}
        self._stencils = Stencils(KEPT)
        self._begin()

    def _begin(self) -> None:
        self._rows = _Rows()
        self._callers = Callers(KEPT)
        self._asked: dict[object, int] = {}
        self._bundles: dict[Asked, int] = {}
        self._source_ips = Met(_plainly)
        self._vpc_endpoints = Met(_plainly)
        self._user_agents = Met(_agent)
        self._tls = Met(_tls_version)
        self._errors = Met(_plainly)

    def __len__(self) -> int:
        return len(self._rows.asked)

    def add(self, record: Record) -> None:
        """Translate one record."""
        name, parameters = record.event_name, bytes(record.request_parameters)
        if name == _SAML:
            seen = self._signed_in(record)
        else:
            seen = self._callers.of(bytes(record.user_identity))
        who, access_key, issued, caller, account = seen
        key = (
            record.event_source, name, record.event_type, record.aws_region,
            record.recipient_account_id, record.api_version, parameters, bytes(record.resources),
            account,
        )  # fmt: skip
        try:
            asked = self._asked.get(key)
            if asked is None:
                asked = self._asked.get((key, caller))
            source_ip = self._source_ips[record.source_ip]
            vpc_endpoint = self._vpc_endpoints[record.vpc_endpoint_id]
            user_agent = self._user_agents[record.user_agent]
            error = self._errors[record.error_code]
        except TypeError:  # a structure where a text belongs
            self.add(_of_texts(record))
            return
        if asked is None:
            asked = self._ask(record, caller, account, key)
        rows = self._rows
        rows.asked.append(asked)
        rows.who.append(who)
        rows.access_key.append(access_key)
        rows.issued.append(issued)
        rows.source_ip.append(source_ip)
        rows.vpc_endpoint.append(vpc_endpoint)
        rows.user_agent.append(user_agent)
        rows.tls.append(self._tls[bytes(record.tls_details)])
        rows.error.append(error)
        rows.times.append(record.event_time)

    def _signed_in(self, record: Record) -> Seen:
        """The caller of a sign-in with SAML: the request names the provider."""
        provider = at(value_in(bytes(record.request_parameters)), "principalArn")
        told = caller_of(
            bytes(record.user_identity), provider if isinstance(provider, str) else None
        )
        return self._callers.told(told)

    def _ask(self, record: Record, caller: str | None, account: str | None, key: object) -> int:
        if len(self._asked) >= KEPT:
            self._asked.clear()
        found = self._stencils.asked(record, account, lambda r: self._asks(r, caller, account))
        seen = False
        if found is None:
            found, seen = self._asks(record, caller, account)
        number = self._bundles.setdefault(found, len(self._bundles))
        self._asked[(key, caller) if seen else key] = number
        return number

    def _asks(self, record: Record, caller: str | None, account: str | None) -> tuple[Asked, bool]:
        """The columns of the call, and whether they follow from more of the caller."""
        region, recipient = _text(record.aws_region), _text(record.recipient_account_id)
        kind = None if record.event_type in {None, "AwsApiCall"} else str(record.event_type)
        base = Asked(
            record.event_source, record.event_name, _text(record.api_version), kind, region,
            recipient,
            requested_region(region, record.event_source),
        )  # fmt: skip
        if kind is not None:
            return base, False
        principal, told = self._principal(caller, account)
        watched, doubts = Watched(principal), Doubts()
        parameters = value_in(bytes(record.request_parameters))
        resources = value_in(bytes(record.resources))
        event = Event(
            record.event_source, record.event_name, region or "us-east-1", recipient or "",
            _text(record.api_version), parameters, resources,
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
            parameters=_kept(record.request_parameters, parameters) if open_ else None,
            resources=_kept(record.resources, resources) if open_ else None,
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
            "time": moments(times_of(rows.times)),
            "source_ip": repeated(self._source_ips.texts, rows.source_ip),
            "vpc_endpoint": repeated(self._vpc_endpoints.texts, rows.vpc_endpoint),
            "user_agent": repeated(self._user_agents.texts, rows.user_agent),
            "tls": repeated(self._tls.texts, rows.tls),
            "error": repeated(self._errors.texts, rows.error),
            **columns_of(Asked._fields, self._bundles, rows.asked),
            **self._callers.columns(rows.who, rows.access_key, rows.issued),
        }
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


def _plainly(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _agent(text: object) -> str | None:
    """CloudTrail puts some agents into brackets, and writes `AWS Internal` for its own."""
    if not isinstance(text, str) or text in {"", "AWS Internal"}:
        return None
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _tls_version(raw: bytes) -> str | None:
    return _text(at(value_in(raw), "tlsVersion"))


def _kept(raw: msgspec.Raw, value: Json) -> str | None:
    """A member as recorded; None for null and what cannot be read."""
    return None if value is None else bytes(raw).decode()


def _of_texts(record: Record) -> Record:
    """The record as it is read, where it has structures in the place of texts."""
    kind = record.event_type
    return msgspec.structs.replace(
        record,
        event_type=None if kind is None else str(kind),
        aws_region=_text(record.aws_region),
        recipient_account_id=_text(record.recipient_account_id),
        api_version=_text(record.api_version),
        source_ip=_plainly(record.source_ip),
        vpc_endpoint_id=_plainly(record.vpc_endpoint_id),
        user_agent=_agent(record.user_agent),
        error_code=_plainly(record.error_code),
    )
