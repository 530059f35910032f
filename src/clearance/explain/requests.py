"""Evidence to the request that was denied, as far as text, record and estate tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from clearance.decide import identify
from clearance.explain.denial import is_redacted
from clearance.explain.evidence import Evidence, Kind, at, text_of
from clearance.explain.stated import service_behind
from clearance.model.errors import RequestError
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.model.request import Context, Request

__all__ = ["missing_of", "request_of"]

_RECORDS: Final = frozenset({Kind.DECODED, Kind.AUTHORIZATION_DETAILS})
# Keys of a record that say what the estate says too, and may say it less exactly.
_DERIVED: Final = frozenset({"aws:principalarn", "aws:userid"})


def request_of(
    evidence: Evidence,
    estate: Estate,
    *,
    principal: str | None = None,
    action: str | None = None,
    resource: str | None = None,
    context: Context | None = None,
) -> Request | None:
    """The request; None when caller or action stay unknown. What is given by hand wins."""
    who = _principal(principal or evidence.principal, evidence, estate)
    what = action or evidence.action or _fixed_action(evidence)
    if who is None or what is None:
        return None
    caller = who
    thing = resource or _resource(evidence, estate, who, what)
    return Request(caller, what, thing, _context(evidence, context), _owner(evidence, thing))


def missing_of(evidence: Evidence, *, principal: str | None, action: str | None) -> tuple[str, ...]:
    """What the text does not tell of the request."""
    gaps = []
    if not (principal or evidence.principal):
        gaps.append("the principal")
    if not (action or evidence.action or _fixed_action(evidence)):
        gaps.append("the action")
    return tuple(gaps)


def _fixed_action(evidence: Evidence) -> str | None:
    """Lambda's sentence about its execution role is about sts:AssumeRole."""
    reason = evidence.denial.service_reason or ""
    return "sts:AssumeRole" if "cannot be assumed by Lambda" in reason else None


def _principal(text: str | None, evidence: Evidence, estate: Estate) -> Principal | None:
    if _fixed_action(evidence) and evidence.denial.principal is None:
        text = "lambda.amazonaws.com"
    service = service_behind(evidence)
    if service is not None:
        text = service
    if text is None:
        return None
    if is_redacted(text):
        text = _unhidden(text, estate) or text
    try:
        found = identify(text, estate)
    except RequestError:
        return None
    return _with_session(found, evidence)


def _unhidden(text: str, estate: Estate) -> str | None:
    """The only identity of the estate that a redacted ARN may mean."""
    parts = text.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004
        return None
    kind, _, rest = parts[5].partition("/")
    found = [
        ":".join([*parts[:4], account.id, parts[5]])
        for account in estate.accounts.values()
        if _has(account, kind, rest)
    ]
    return found[0] if len(found) == 1 else None


def _has(account: Account, kind: str, rest: str) -> bool:
    if kind == "assumed-role":
        return rest.partition("/")[0] in account.roles
    name = rest.rpartition("/")[2]
    return name in (account.users if kind == "user" else account.roles)


def _with_session(found: Principal, evidence: Evidence) -> Principal:
    caller = evidence.caller
    if caller is None or found.kind not in {PrincipalKind.ROLE_SESSION, PrincipalKind.USER}:
        return found
    # A role's own id says whether the estate's role is the one that was used (R26).
    unique = (caller.issuer_id or caller.unique_id or "").partition(":")[0] or None
    if found.unique_id is None and unique:
        found = replace(found, unique_id=unique)
    if caller.mfa is not None and found.kind is PrincipalKind.USER and caller.mfa:
        found = replace(found, session=Session(mfa=True))
    return found


_IAM_WORDS: Final = {"role": "role", "user": "user", "group": "group", "policy": "policy"}


def _resource(evidence: Evidence, estate: Estate, who: Principal, action: str) -> str:
    text = evidence.resource
    if text is None and _fixed_action(evidence):
        return text_of(evidence.request_parameters, "role") or _role_of(estate) or "*"
    if text is None:
        return _from_parameters(evidence, who, action) or "*"
    word, space, name = text.partition(" ")
    if space and word in _IAM_WORDS and not text.startswith("arn:"):
        if name.startswith("arn:"):
            return name
        return _iam_arn(estate, who, word, name)
    if is_redacted(text):
        return _unhidden_resource(text, estate, who) or text
    return text


def _role_of(estate: Estate) -> str | None:
    """The only role that a function of the estate runs as, or the only role there is."""
    roles = {
        function.latest.role
        for account in estate.accounts.values()
        for function in account.functions.values()
    } or {a.role_arn(role) for a in estate.accounts.values() for role in a.roles.values()}
    return next(iter(roles)) if len(roles) == 1 else None


def _iam_arn(estate: Estate, who: Principal, word: str, name: str) -> str:
    account = estate.account(who.account)
    table = {"role": "roles", "user": "users", "group": "groups"}.get(word)
    held = getattr(account, table, {}).get(name) if account and table else None
    path = held.path if held is not None else "/"
    return f"arn:{who.partition}:iam::{who.account}:{word}{path}{name}"


def _unhidden_resource(text: str, estate: Estate, who: Principal) -> str | None:
    """An ARN whose account is hidden: the caller's own account, if it has such a thing."""
    parts = text.split(":", 5)
    if len(parts) < 6 or who.account is None:  # noqa: PLR2004
        return None
    found = ":".join([*parts[:4], who.account, parts[5]])
    return None if is_redacted(found) or estate.account(who.account) is None else found


def _from_parameters(evidence: Evidence, who: Principal, action: str) -> str | None:
    """CloudTrail names a function or role by its name."""
    given = evidence.request_parameters
    account = evidence.owner_account or who.account
    head = f"arn:{who.partition}"
    if action.lower().startswith("lambda:") and (name := text_of(given, "functionName")):
        if name.startswith("arn:"):
            return name
        qualifier = text_of(given, "qualifier")
        tail = f":{qualifier}" if qualifier else ""
        return f"{head}:lambda:{evidence.region}:{account}:function:{name}{tail}"
    if action.lower().startswith("sts:assumerole"):
        return text_of(given, "roleArn")
    if action.lower().startswith("s3:") and (bucket := text_of(given, "bucketName")):
        key = text_of(given, "key")
        return f"{head}:s3:::{bucket}" + (f"/{key}" if key else "")
    if action.lower().startswith("iam:") and (name := text_of(given, "roleName")):
        return f"{head}:iam::{account}:role/{name}"
    return None


def _context(evidence: Evidence, given: Context | None) -> Context:
    entries: dict[str, tuple[str, ...] | str] = {}
    for key in evidence.context:
        if key.key.lower() not in _DERIVED and key.values:
            single = len(key.values) == 1
            entries[key.key] = key.values[0] if single else key.values
    told = Context.of(entries, complete=evidence.kind in _RECORDS)
    if given is None:
        return told
    return replace(
        told,
        values={**told.values, **given.values},
        absent=told.absent | given.absent,
        unknown=told.unknown | given.unknown,
    )


def _owner(evidence: Evidence, resource: str) -> str | None:
    """CloudTrail's recipient owns what an ARN without account names."""
    parts = resource.split(":", 5)
    named = len(parts) > 4 and parts[4] != ""  # noqa: PLR2004
    event = evidence.kind is Kind.CLOUDTRAIL and at(evidence.request_parameters, "bucketName")
    return evidence.owner_account if event and not named else None
