"""required: what must be allowed before an operation may run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.operations.call import Call
from clearance.operations.permissions.ask import Ask, Lookup, NothingKnown
from clearance.operations.permissions.generic import derive
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.prefixes import prefix_of
from clearance.operations.permissions.rows import Row
from clearance.operations.permissions.services import (
    apigateway,
    cloudtrail,
    dynamodb,
    ec2,
    ecr,
    events,
    iam,
    iam_toolbox,
    kms,
    lambda_,
    logs,
    organizations,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
    sts,
)
from clearance.wire.shapes import Service

__all__ = ["TABLES", "required"]

# By the name of botocore's model.
TABLES: Final[Mapping[str, Mapping[str, Row]]] = {
    "cloudtrail": cloudtrail.TABLE,
    "dynamodb": dynamodb.TABLE,
    "dynamodbstreams": dynamodb.STREAMS,
    "ec2": ec2.TABLE,
    "ecr": ecr.TABLE,
    "events": events.TABLE,
    "iam": iam.TABLE,
    "iam-toolbox": iam_toolbox.TABLE,
    "kms": kms.TABLE,
    "lambda": lambda_.TABLE,
    "logs": logs.TABLE,
    "organizations": organizations.TABLE,
    "s3": s3.TABLE,
    "s3control": s3.CONTROL,
    "secretsmanager": secretsmanager.TABLE,
    "sns": sns.TABLE,
    "sqs": sqs.TABLE,
    "ssm": ssm.TABLE,
    "stepfunctions": stepfunctions.TABLE,
    "sts": sts.TABLE,
}

# For operations without a row.
_DEFAULTS: Final[Mapping[str, Row]] = {
    "apigateway": apigateway.derive,
    "apigatewayv2": apigateway.derive,
    "ec2": ec2.derive,
}

# How a service spells its actions in a denial, where it is not IAM's way.
_SHOWN: Final[Mapping[str, Callable[[str, str], str]]] = {
    "sns": lambda _, name: f"SNS:{name}",
    "sqs": lambda prefix, name: f"{prefix}:{name.lower()}",
}

_NOTHING: Final = NothingKnown()


def required(
    estate: Estate,
    call: Call,
    service: str,
    operation: str,
    given: Mapping[str, Any],
    catalog: Catalog,
    *,
    model: Service | None = None,
    lookup: Lookup = _NOTHING,
) -> tuple[Permission, ...]:
    """Every action/resource pair that must be allowed; the operation's own action comes first.

    ``service`` is botocore's name of the model (``iam``, ``s3control``, ``stepfunctions``);
    ``given`` its input, members named as in the model. Permissions with a ``warning`` are on
    ``*`` and should be logged.
    """
    prefix = prefix_of(service, catalog, model)
    ask = Ask(estate, call, service, prefix, operation, given, catalog, model, lookup)
    row = TABLES.get(service, {}).get(operation) or _DEFAULTS.get(service, derive)
    # An empty answer would allow anything: a batch without items still asks for its action.
    return _unique(row, ask) or _unique(derive, ask)


def _unique(row: Row, ask: Ask) -> tuple[Permission, ...]:
    found: list[Permission] = []
    for permission in row(ask):
        shown = _shown(permission)
        if shown not in found:
            found.append(shown)
    return tuple(found)


def _shown(permission: Permission) -> Permission:
    prefix, _, name = permission.action.partition(":")
    spell = _SHOWN.get(prefix)
    return replace(permission, shown_action=spell(prefix, name)) if spell else permission
