"""Denials that can be asked about later: their ids, what is kept of them, how it is read again.

A denial's authorization id is its event's id in the alphabet of such ids. The event keeps the
request as it was decided; the store keeps the estate of every moment. Together they give the same
decision again, with every policy as it was.
"""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from clearance.decide import authorize
from clearance.model.decision import Decision, DecisionEffect, Matched
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.model.request import Context, Request
from clearance.server.authorize import Answer

__all__ = [
    "authorization_id",
    "encoded_form",
    "event_id",
    "kept_requests",
    "redecided",
    "request_of",
]

_ALPHABET: Final = string.digits + string.ascii_lowercase


def authorization_id(event: str) -> str:
    """The authorization id of an event.

    >>> authorization_id("00000000-0000-0000-0000-000000000024")
    '10'
    """
    number, digits = uuid.UUID(event).int, ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits or "0"


def event_id(authorization: str) -> str | None:
    """The id of the event behind an authorization id, or None when it cannot be one.

    >>> event_id("10")
    '00000000-0000-0000-0000-000000000024'
    """
    try:
        return str(uuid.UUID(int=int(authorization, len(_ALPHABET))))
    except ValueError:
        return None


def kept_requests(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The requests of a denied call, so that they can be decided again."""
    return [_kept(answer.decision.request) for answer in answers]


def _kept(request: Request) -> dict[str, Any]:
    return {
        "principal": msgspec.to_builtins(request.principal),
        "action": request.action,
        "resource": request.resource,
        "resourceAccount": request.resource_account,
        "context": {
            found.key: list(found.values) if found.multivalued else found.values[0]
            for found in request.context.values.values()
            if found.values
        },
    }


def request_of(kept: Mapping[str, Any]) -> Request:
    """A kept request as it was decided."""
    return Request(
        msgspec.convert(kept["principal"], Principal),
        kept["action"],
        kept["resource"],
        Context.of(kept["context"], complete=True),
        kept["resourceAccount"],
    )


def redecided(estate: Estate, kept: Mapping[str, Any], when: datetime) -> Decision:
    """The decision on a kept request in the estate as it was."""
    return authorize(estate, request_of(kept), now=when)


def encoded_form(decision: Decision) -> str:
    """A denial as sts:DecodeAuthorizationMessage shows it.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    request = decision.request
    denies = [m for check in decision.checks for m in check.denies]
    return json.dumps(
        {
            "allowed": decision.allowed,
            "explicitDeny": decision.effect is DecisionEffect.EXPLICIT_DENY,
            "matchedStatements": {"items": [_statement(m) for m in denies]},
            "failures": {"items": []},
            "context": {
                "principal": {
                    "id": request.principal.user_id or "",
                    "name": request.principal.arn.rsplit("/", 1)[-1],
                    "arn": request.principal.arn,
                },
                "action": request.action,
                "resource": request.resource,
                "conditions": {
                    "items": [
                        {
                            "key": found.key,
                            "values": {"items": [{"value": v} for v in found.values]},
                        }
                        for found in request.context.values.values()
                    ]
                },
            },
        }
    )


def _statement(matched: Matched) -> dict[str, Any]:
    statement = matched.statement
    return {
        "statementId": statement.sid or "",
        "effect": statement.effect.name,
        "sourcePolicyId": matched.policy.uri,
        "actions": {"items": [{"value": action} for action in statement.actions]},
        "resources": {"items": [{"value": found} for found in statement.resources or ()]},
    }
