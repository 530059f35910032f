"""Refusals that come before any policy is asked: credentials, clocks, Regions, STS's own limits.

AWS answers them with codes of their own ("Common errors" of each service's API reference), and
SDKs raise some without ever asking AWS. No policy can help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clearance.explain.denial import Denial, Form
from clearance.explain.findings import Cause
from clearance.explain.wording import Wording, wording

__all__ = ["NO_POLICY", "advice_for", "refused_early"]


@dataclass(frozen=True, slots=True)
class _Refusal:
    wording: Wording
    because: str
    advice: str
    cause: str


def _row(
    because: str, advice: str, words: str, cause: str = "caller.not_authenticated"
) -> _Refusal:
    return _Refusal(wording(Form.NO_POLICY, words), because, advice, cause)


_REFUSALS: Final = (
    _row(
        "the temporary credentials have expired",
        "get new ones: `aws sso login`, assume the role again, or restart what caches them",
        r"The security token included in the request is expired\.?"
        r"|The provided token has expired\.?"
        r"|Token has expired and refresh failed"
        r"|The SSO session (?:associated with this profile|token) has expired"
        r"(?: or is otherwise invalid)?\.?"
        r"|Error loading SSO Token: Token for \S{1,120}? does not exist"
        r"|Session token not found or invalid",
    ),
    _row(
        "AWS knows no such access key: it is deleted or inactive, belongs to another partition "
        "or endpoint, or the session token is missing or of another key",
        "check `aws configure list` and that key, secret and session token belong together",
        r"The security token included in the request is invalid\.?"
        r"|The AWS Access Key Id you provided does not exist in our records\.?"
        r"|AWS was not able to validate the provided access credentials\.?"
        r"|The provided token is malformed or otherwise invalid\.?",
    ),
    _row(
        "the signature was made with another secret access key, or something changed the request "
        "after it was signed",
        "copy the secret access key again; look for a proxy that rewrites host, path or headers",
        r"The request signature we calculated does not match the signature you provided\.?",
    ),
    _row(
        "the clock of the calling machine is off, or the request waited too long",
        "set the clock (`chronyc makestep` or the like); sign the request again",
        r"The difference between the request time and the current time is too large\.?"
        r"|Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z"
        r"|Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z"
        r"|Request has expired\.?",
    ),
    _row(
        "the request was signed for another Region or service",
        "set the Region: `AWS_REGION`, `--region`, or the client's `region_name`",
        r"the region '[\w-]{1,40}' is wrong; expecting '[\w-]{1,40}'"
        r"|Credential should be scoped to (?:a valid region|correct service)[^.]{0,80}\.?",
    ),
    _row(
        "the request carried no signature; API Gateway says so too where no such route exists",
        "sign the request (SigV4); at API Gateway check method, path and stage",
        r"(?:Request is )?Missing Authentication Token\.?",
    ),
    _row(
        "no credentials were found where the SDK looks: environment, profile, container, instance",
        "`aws configure list` shows what is found; set AWS_PROFILE or `aws sso login`",
        r"Unable to locate credentials\.?"
        r"|Partial credentials found in"
        r"|no valid credential sources (?:for \S{1,60} \S{1,20} \S{1,20} )?found"
        r"|NoCredentialProviders: no valid providers in chain"
        r"|Unable to load (?:AWS )?credentials from any (?:of the )?providers? in the chain"
        r"|Could not load credentials from any providers"
        r"|no EC2 IMDS role found",
    ),
    _row(
        "the profile is in neither ~/.aws/config nor ~/.aws/credentials",
        "`aws configure list-profiles` shows which there are",
        r"The config profile \([^)\s]{1,120}\) could not be found",
    ),
    _row(
        "the policy names a principal that does not exist: IAM saves only those it can find",
        "create the principal first, correct its ARN, or name its account",
        r"Invalid principal in policy: \"?[A-Za-z]{1,20}\"?:\"?[^\s\"]{1,200}\"?",
        "resource.ghost_principal",
    ),
    _row(
        "the root user cannot assume roles, whatever policies say",
        "call as an IAM user or a role",
        r"Roles may not be assumed by root accounts\.?",
        "caller.wrong_identity",
    ),
    _row(
        "a session made with a role's session lasts one hour at most",
        "ask for 3,600 seconds or fewer, or assume the role with a user's or SSO credentials",
        r"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
        r"role chaining\.?",
        "session.duration",
    ),
    _row(
        "the role's sessions may not last that long",
        "ask for fewer seconds, or raise MaxSessionDuration with `aws iam update-role`",
        r"The requested DurationSeconds exceeds the MaxSessionDuration set for this role\.?",
        "session.duration",
    ),
)
NO_POLICY: Final = tuple(each.wording for each in _REFUSALS)


def refused_early(denial: Denial) -> Cause | None:
    """Why no policy was asked; None for a denial by a policy."""
    found = _refusal(denial)
    if found is None:
        return None
    return Cause(found.cause, found.because, add_allow=False)


def advice_for(denial: Denial | None) -> str | None:
    """What to do about it."""
    found = _refusal(denial) if denial is not None else None
    return found.advice if found is not None else None


def _refusal(denial: Denial) -> _Refusal | None:
    if denial.form is not Form.NO_POLICY:
        return None
    said = "".join((denial.service_reason or "").split())
    return next((each for each in _REFUSALS if each.wording.words.fullmatch(said)), None)
