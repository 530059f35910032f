"""The vectors: cases as data, read once and handed to every engine that must agree on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests import estates

from clearance.decide import Options, PolicySet
from clearance.decide.attach import attach
from clearance.decide.gather import gather, gather_bare
from clearance.decide.identify import identify
from clearance.decide.situation import Situation
from clearance.facts.catalog import load_catalog
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.model.request import Context, Request

VECTORS = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class Case:
    """One case: requests of which every one must be allowed, and what decides them."""

    name: str
    rules: tuple[str, ...]
    requests: tuple[Request, ...]
    effect: str
    options: Options
    raw: Mapping[str, Any]

    def situations(self) -> Iterator[Situation]:
        """What is put before the judge, whichever engine that is."""
        raise NotImplementedError


@dataclass(frozen=True)
class DecideCase(Case):
    """A case of ``vectors/decide``: bare policies."""

    policies: PolicySet

    def situations(self) -> Iterator[Situation]:
        for request in self.requests:
            yield gather_bare(request, self.policies, options=self.options)


@dataclass(frozen=True)
class EstateCase(Case):
    """A case of ``vectors/estates``: everything comes from an estate."""

    estate: Estate
    now: datetime | None

    def situations(self) -> Iterator[Situation]:
        catalog = load_catalog() if self.raw.get("catalog") else None
        for request in self.requests:
            yield gather(self.estate, request, now=self.now, options=self.options, catalog=catalog)


def files(topic: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted((VECTORS / topic).glob("*.json")):
        yield path.stem, json.loads(path.read_text("utf-8"))


def decide_cases() -> Iterator[DecideCase]:
    for stem, content in files("decide"):
        for raw in content["cases"]:
            policies = policy_set(raw["policies"], raw["request"])
            yield DecideCase(*_common(stem, raw), policies)


def estate_cases() -> Iterator[EstateCase]:
    for stem, content in files("estates"):
        for raw in content["cases"]:
            given = {**content.get("estates", {}), "": raw.get("estate")}
            name = raw["estate"] if isinstance(raw["estate"], str) else ""
            now = datetime.fromisoformat(raw["now"]) if "now" in raw else None
            yield EstateCase(*_common(stem, raw), estates.estate(given[name]), now)


def _common(
    stem: str, raw: Mapping[str, Any]
) -> tuple[str, tuple[str, ...], tuple[Request, ...], str, Options, Mapping[str, Any]]:
    rules = tuple(raw["rules"])
    name = f"{stem}: {'+'.join(rules)} {raw['name']}"
    asked = tuple(requests(raw["request"]))
    return name, rules, asked, raw["effect"], Options(**raw.get("options", {})), raw


def principal(given: Mapping[str, Any]) -> Principal:
    found = identify(given["principal"])
    if "role_arn" in given:
        found = replace(found, role_arn=given["role_arn"])
    if "parent_arn" in given:
        found = replace(found, parent_arn=given["parent_arn"])
    if "unique_id" in given:
        found = replace(found, unique_id=given["unique_id"])
    if "tags" in given or "session_tags" in given:
        session = Session(tags=given.get("session_tags", {})) if found.session_name else None
        found = replace(found, tags=given.get("tags", {}), session=session)
    if "session" in given:
        found = replace(found, session=session_of(given["session"]))
    if given.get("principal_type") == "Anonymous":
        found = Principal(PrincipalKind.ANONYMOUS)
    return found


def session_of(given: Mapping[str, Any]) -> Session:
    """A session; times are ISO 8601, lists stand for tuples."""
    fields: dict[str, Any] = {}
    for key, value in given.items():
        if key in {"issued", "expires", "mfa_age_from"}:
            fields[key] = datetime.fromisoformat(value)
        else:
            fields[key] = tuple(value) if isinstance(value, list) else value
    return Session(**fields)


def requests(given: Mapping[str, Any]) -> Iterator[Request]:
    context = Context.of(
        given.get("context", {}),
        absent=given.get("absent", ()),
        unknown=given.get("unknown", ()),
        complete=given.get("complete", False),
    )
    for action in given.get("actions") or [given["action"]]:
        yield Request(
            principal(given),
            action,
            given.get("resource", "*"),
            context,
            given.get("resource_account"),
        )


def policy_set(given: Mapping[str, Any], request: Mapping[str, Any]) -> PolicySet:
    kind = PolicyType.RESOURCE
    actions = [str(a).lower() for a in request.get("actions") or [request["action"]]]
    if all(a.startswith("sts:") for a in actions) and ":role/" in request.get("resource", ""):
        kind = PolicyType.TRUST

    def many(
        key: str, kind: PolicyType, documents: Sequence[Any] | None = None
    ) -> tuple[AttachedPolicy, ...]:
        found = given.get(key) if documents is None else documents
        items = found if isinstance(found, list) else [found] if found else []
        return tuple(
            attach(item if isinstance(item, str) else json.dumps(item), kind, f"{key} {place}")
            for place, item in enumerate(items, 1)
        )

    def levels(key: str, kind: PolicyType) -> tuple[tuple[AttachedPolicy, ...], ...]:
        return tuple(many(key, kind, level) for level in given.get(key, ()))

    def optional(key: str, kind: PolicyType) -> tuple[AttachedPolicy, ...] | None:
        return many(key, kind) if key in given else None

    return PolicySet(
        identity=many("identity", PolicyType.IDENTITY),
        resource=many("resource", kind),
        boundary=optional("boundary", PolicyType.BOUNDARY),
        session=optional("session", PolicyType.SESSION),
        scps=levels("scps", PolicyType.SCP),
        rcps=levels("rcps", PolicyType.RCP),
        vpc_endpoint=optional("vpc_endpoint", PolicyType.VPC_ENDPOINT),
        management_account=bool(given.get("management_account")),
    )
