"""From eventSource, eventName and requestParameters to the actions and resources asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, cast

from clearance.batch.dataset import OWNED
from clearance.explain.evidence import Json, items_of, text_of
from clearance.facts.services import services_signed_as
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.operations.call import Call, Ports
from clearance.operations.permissions.arns import resource_fits
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.required import required
from clearance.wire.shapes import Field, Kind, Operation, Service

__all__ = ["Event", "operation_of", "parameters_of", "permissions"]

# Where the first word of eventSource is not the name that requests are signed with.
_SIGNED: Final = {
    "email": "ses",
    "tagging": "tagging",
    "application-insights": "applicationinsights",
    "data.mediastore": "mediastore",
    "runtime.sagemaker": "sagemaker",
    "models.lex": "lex",
    "runtime.lex": "lex",
    "ingest.timestream": "timestream",
    "query.timestream": "timestream",
    "cloudhsm": "cloudhsm",
}
# "UpdateFunctionCode20150331v2", "CreateDistribution2020_05_31": the version of the API.
_VERSION: Final = re.compile(r"(?:20\d{6}(?:v\d)?|20\d\d_\d\d_\d\d)$")
# S3 writes bucket operations under names of its own (S3 User Guide, cloudtrail-logging-s3-info).
_EVENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "s3": {
        "GetBucketPublicAccessBlock": "GetPublicAccessBlock",
        "PutBucketPublicAccessBlock": "PutPublicAccessBlock",
        "DeleteBucketPublicAccessBlock": "DeletePublicAccessBlock",
        "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
        "GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
        "PutBucketObjectLockConfiguration": "PutObjectLockConfiguration",
    },
}
# Members that CloudTrail writes under another name than the API's.
_MEMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "s3": {"bucketname": "bucket"},
    "ec2": {"groupids": "securitygroupids"},
}
_DEEPEST: Final = 12


class Event:
    """What of a record says what was asked for."""

    __slots__ = ("account", "name", "parameters", "region", "resources", "source", "version")

    def __init__(
        self, source: str, name: str, region: str, account: str, version: str | None,
        parameters: Json, resources: Json,
    ) -> None:  # fmt: skip
        self.source = source
        self.name = name
        self.region = region
        self.account = account
        self.version = version
        self.parameters = parameters
        self.resources = resources


def operation_of(
    source: str, name: str, version: str | None = None
) -> tuple[str, Service | None, Operation | None]:
    """The operation an event tells of, the model that has it, and the operation there."""
    word = source.removesuffix(".cn").removesuffix(".amazonaws.com")
    return _operation(_SIGNED.get(word, word), name, version)


@lru_cache(maxsize=8192)
def _operation(
    signed: str, name: str, version: str | None
) -> tuple[str, Service | None, Operation | None]:
    plain = _EVENTS.get(signed, {}).get(name, name)
    models = services_signed_as(signed)
    if version is not None:
        models = tuple(sorted(models, key=lambda m: m.api_version != version))
    for wanted in dict.fromkeys((plain, _VERSION.sub("", plain))):
        for model in models:
            if wanted in model.operations:
                return wanted, model, model.operations[wanted]
    stripped = _VERSION.sub("", plain)
    return stripped, models[0] if models else None, None


def parameters_of(event: Event) -> Mapping[str, Any]:
    """The parameters of a call under the names that its API gives them."""
    if not isinstance(event.parameters, dict):
        return {}
    _, model, known = operation_of(event.source, event.name, event.version)
    if model is None or known is None or known.input is None:
        return event.parameters
    return _spelled(model, known.input, event.parameters)


def permissions(
    event: Event, principal: Principal, estate: Estate, catalog: Catalog
) -> tuple[Permission, ...]:
    """What had to be allowed; a permission that is not ``derived`` is on ``*`` for want of better.

    ``principal`` as complete as the estate knows it.
    ARNs that CloudTrail names in ``resources`` take the place of what cannot be derived.
    """
    operation, model, known = operation_of(event.source, event.name, event.version)
    given: Mapping[str, Any] = {}
    if isinstance(event.parameters, dict):
        given = event.parameters
        if model is not None and known is not None and known.input is not None:
            given = _spelled(model, known.input, given)
        # One-time codes are hidden; whether one was right cannot be found out afterwards.
        given = {key: value for key, value in given.items() if key != "TokenCode"}
    word = event.source.removesuffix(".cn").removesuffix(".amazonaws.com")
    call = Call(
        principal,
        principal.account or event.account,
        event.region,
        _NEVER,
        cast("Ports", None),
    )
    try:
        found = required(
            estate, call, model.name if model else word, operation, given, catalog, model=model
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # What CloudTrail hides or cuts is not of the type that the model promises.
        found = required(
            estate, call, model.name if model else word, operation, {}, catalog, model=model
        )
        found = tuple(replace(each, derived=False) for each in found)
    named = _named(event.resources)
    return tuple(one for each in found for one in _placed(each, named, estate, catalog))


_NEVER: Final[Any] = None  # no derivation of a finished call asks for the time


def _named(resources: Json) -> Mapping[str, str | None]:
    """The ARNs of ``resources`` with the accounts that own them."""
    found: dict[str, str | None] = {}
    for each in items_of({"resources": resources}, "resources"):
        arn = text_of(each, "ARN") or text_of(each, "arn")
        if arn:
            found[arn] = text_of(each, "accountId")
    return found


def _placed(
    permission: Permission, named: Mapping[str, str | None], estate: Estate, catalog: Catalog
) -> Iterable[Permission]:
    if permission.derived:
        owner = _owner(permission.resource, named, estate)
        yield replace(permission, resource_account=owner) if owner else permission
        return
    service = catalog.service(permission.action.partition(":")[0])
    facts = catalog.action(permission.action)
    fitting = (
        [arn for arn in named if resource_fits(service, facts, arn)] if service and facts else []
    )
    if not fitting:
        yield permission
    for arn in fitting:
        yield replace(
            permission, resource=arn, derived=True, warning=None,
            resource_account=_owner(arn, named, estate) or permission.resource_account,
        )  # fmt: skip


def _owner(resource: str, named: Mapping[str, str | None], estate: Estate) -> str | None:
    """Whose a bucket or object is: its ARN does not say, the record may."""
    arn = Arn.find(resource)
    if arn is None or arn.account:
        return None
    bucket = resource.split("/", 1)[0]
    claim = named.get(bucket) or named.get(resource)
    return None if claim is None or estate.holder_of(bucket) not in {None, OWNED} else claim


def _spelled(service: Service, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Members named as the model names them: CloudTrail begins them with a small letter."""
    found: dict[str, Any] = {}
    names, aliases = _names(service, name), _MEMBERS.get(service.name, {})
    for key, given in value.items():
        folded = key.lower()
        member = names.get(aliases.get(folded, folded))
        if member is None and folded.endswith("set"):
            for inner, item in _of_set(folded, given):
                if (named := names.get(aliases.get(inner, inner))) is not None:
                    found.setdefault(named.name, _value(service, named, item))
        elif member is None:
            found[key] = given
        elif given is not None:
            found.setdefault(member.name, _value(service, member, given))
    return found


def _of_set(name: str, given: object) -> Iterable[tuple[str, object]]:
    """EC2 writes lists as sets of structures: which members of the request they stand for.

    Ids are a list of their own (``instancesSet`` is ``InstanceIds``); RunInstances writes what is
    to be launched as the one item of a set.
    """
    items = items_of({name: given}, name)
    keys = {key.lower() for item in items for key in item}
    if len(keys) == 1:
        yield f"{next(iter(keys))}s", given
    elif len(items) == 1:
        yield from ((key.lower(), value) for key, value in items[0].items())


@lru_cache(maxsize=4096)
def _names(service: Service, name: str) -> Mapping[str, Field]:
    """The members of a structure by every name they go by, in lower case."""
    members = service.shapes[name].members
    found = {(m.location_name or n).lower(): m for n, m in members.items()}
    return {**found, **{n.lower(): m for n, m in members.items()}}


def _value(service: Service, member: Field, given: object, depth: int = 0) -> object:
    shape = service.shapes[member.target]
    if depth > _DEEPEST:
        return given
    if shape.kind is Kind.LIST and shape.member is not None:
        # EC2's lists are structures whose only member is the list of items.
        items = given.get("items") if isinstance(given, dict) and "items" in given else given
        if not isinstance(items, list):
            return given
        each = shape.member
        if service.shapes[each.target].kind is not Kind.STRUCTURE:
            items = [_single(item) for item in items]
        return [_value(service, each, item, depth + 1) for item in items]
    if shape.kind is Kind.STRUCTURE and isinstance(given, dict):
        return _spelled(service, shape.name, given)
    return given


def _single(item: object) -> object:
    """The value of a structure with one member, where a list of plain values is expected."""
    if isinstance(item, dict) and len(item) == 1:
        return next(iter(item.values()))
    return item
