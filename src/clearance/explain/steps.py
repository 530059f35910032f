"""What is not known of a denial, how to get it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from clearance.explain.evidence import Evidence
from clearance.explain.findings import (
    Blocker,
    Cause,
    Fix,
    Unknown,
    adds_an_allow,
)
from clearance.model.decision import Decision
from clearance.model.estate import Estate

__all__ = ["next_steps", "parts_needed", "unknowns"]

_GET: Final = (
    ("iam", "aws iam get-account-authorization-details"),
    ("resource policies", "the policy of the resource, e.g. aws s3api get-bucket-policy"),
    ("functions", "aws lambda get-function, get-policy (per qualifier), list-aliases"),
    ("vpc endpoints", "aws ec2 describe-vpc-endpoints"),
    ("organizations", "aws organizations describe-policy, list-targets-for-policy"),
    ("scps", "aws organizations describe-policy, list-targets-for-policy"),
)


def unknowns(estate: Estate, decision: Decision, evidence: Evidence | None) -> tuple[Unknown, ...]:
    """Keys nobody told that could change the decision, and what the estate lacks."""
    return tuple(_unknowns(estate, decision, evidence))


def _unknowns(estate: Estate, decision: Decision, evidence: Evidence | None) -> Iterator[Unknown]:
    for key in decision.undecided:
        tested = key.tests[0] if key.tests else "a statement"
        how = f"--context {key.key}=VALUE, or the CloudTrail record ({tested})"
        yield Unknown(f"the value of `{key.key}`; read as absent", how)
    for note in decision.notes:
        if "does not hold" in note.text or "read without" in note.text:
            yield Unknown(note.text, _how(note.text))
    if evidence is not None and evidence.denial.encoded_message:
        how = "aws sts decode-authorization-message --encoded-message ..., then explain its output"
        yield Unknown("the encoded authorization message", how)
    del estate


def _how(text: str) -> str:
    found = next((how for word, how in _GET if f" {word}" in text), None)
    return found or "add it to the estate: aws iam get-account-authorization-details"


def parts_needed(evidence: Evidence) -> Iterator[Unknown]:
    """Without an estate: the parts of a snapshot that would decide."""
    caller, action = evidence.principal, evidence.action
    if caller is None:
        yield Unknown("who called", "the CloudTrail record, or `aws sts get-caller-identity`")
    elif caller.startswith("arn:"):  # services and strangers have no policies of their own
        yield Unknown(f"the policies of {caller}", _GET[0][1])
    if action is None:
        yield Unknown("which action was denied", "the CloudTrail record of the call")
    if evidence.resource is None:
        yield Unknown("the resource", "the CloudTrail record, or --resource")
    else:
        how = _GET[1][1]
        if ":function:" in evidence.resource:
            how = "aws lambda get-policy --function-name ... [--qualifier ...]"
        elif ":role/" in evidence.resource:
            how = _GET[0][1]
        yield Unknown(f"the policy of {evidence.resource}", how)
    yield Unknown("SCPs and RCPs", _GET[4][1])
    if evidence.denial.encoded_message:
        how = "aws sts decode-authorization-message --encoded-message ..."
        yield Unknown("the encoded authorization message", how)


_ADVICE: Final = {
    "caller.wrong_identity": "check `aws sts get-caller-identity`; change no policy",
    "caller.not_assumed": "assume the role and call again; change no policy",
    "time.eventual": "call again with back-off; change no policy",
    "absent.masked": "check the name; grant List permission if a 404 should be told",
    "s3.settings": "change the bucket's or the account's setting; no policy can",
    "orgs.not_delegated": "call from the management or delegated administrator account",
    "kms.ciphertext": "use the key and Region the data was encrypted with",
    "cross_account.latest": "invoke the unqualified function or an alias",
    "cross_account.log_tail": "leave out LogType=Tail, or assume a role in the other account",
    "cross_account.api_unsupported": "assume a role in the account that owns the resource",
    "resource.kms_grant_orphan": (
        "update the function's configuration so that Lambda makes a new grant"
    ),
    "session.policy": "make the session with a wider session policy; the role cannot help",
    "cond.mfa": "use credentials made with MFA",
    "disguised.validation": "check PassRole, the role's trust policy and the role's own policies",
    "resource.internal_principal": "grant the service principal, never the ARN shown",
    "snapshot.stale": "take a new snapshot and explain again",
}


def next_steps(
    causes: Sequence[Cause],
    blockers: Sequence[Blocker],
    fixes: Sequence[Fix],
) -> tuple[str, ...]:
    """What to do, in order."""
    found = [_ADVICE[cause.id] for cause in causes[:1] if cause.id in _ADVICE]
    if causes and not causes[0].add_allow:
        why = "it would go around this" if adds_an_allow(fixes) else "it cannot help"
        found.append(f"do not add an Allow: {why}")
    if fixes and fixes[0].works and fixes[0].edits:
        owners = ", ".join(str(owner) for owner in fixes[0].owners)
        found.append(f"the change belongs to {owners}")
    if any(blocker.explicit for blocker in blockers):
        found.append("find out whether the Deny is meant before you except anything from it")
    return tuple(found)
