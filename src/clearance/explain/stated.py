"""What a denial's own text proves, with or without an estate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from clearance.explain.denial import Denial, Effect, Form, PolicyType
from clearance.explain.evidence import Evidence
from clearance.explain.findings import Cause, Confidence
from clearance.explain.no_policy import refused_early

__all__ = ["layer_cause", "service_behind", "text_causes"]

_SURE: Final = Confidence.PROVEN
_FITS: Final = Confidence.CONSISTENT

_LAYERS: Final[Mapping[tuple[PolicyType, Effect], str]] = {
    (PolicyType.IDENTITY_BASED, Effect.IMPLICIT): "identity.missing",
    (PolicyType.IDENTITY_BASED, Effect.EXPLICIT): "identity.explicit",
    (PolicyType.RESOURCE_BASED, Effect.IMPLICIT): "resource.missing",
    (PolicyType.RESOURCE_BASED, Effect.EXPLICIT): "resource.explicit",
    (PolicyType.PERMISSIONS_BOUNDARY, Effect.IMPLICIT): "boundary.implicit",
    (PolicyType.PERMISSIONS_BOUNDARY, Effect.EXPLICIT): "boundary.explicit",
    (PolicyType.SESSION, Effect.IMPLICIT): "session.policy",
    (PolicyType.SESSION, Effect.EXPLICIT): "session.policy",
    (PolicyType.SERVICE_CONTROL, Effect.IMPLICIT): "scp.implicit",
    (PolicyType.SERVICE_CONTROL, Effect.EXPLICIT): "scp.explicit",
    (PolicyType.RESOURCE_CONTROL, Effect.IMPLICIT): "rcp.implicit",
    (PolicyType.RESOURCE_CONTROL, Effect.EXPLICIT): "rcp.explicit",
    (PolicyType.VPC_ENDPOINT, Effect.IMPLICIT): "vpce.policy",
    (PolicyType.VPC_ENDPOINT, Effect.EXPLICIT): "vpce.policy",
    (PolicyType.ROLE_TRUST, Effect.IMPLICIT): "trust.missing",
    (PolicyType.ROLE_TRUST, Effect.EXPLICIT): "resource.explicit",
}
_HELPED: Final = frozenset({"identity.missing", "resource.missing", "trust.missing"})


def layer_cause(denial: Denial) -> Cause | None:
    """The cause for the layer that AWS named."""
    if denial.policy_type is None or denial.effect is None:
        return None
    name = _LAYERS[denial.policy_type, denial.effect]
    if denial.effect is Effect.EXPLICIT:
        because = f"AWS names an explicit deny in {_article(denial.policy_type)}"
        because += f": {denial.policy_arn}" if denial.policy_arn else ""
    else:
        because = f"AWS says that no {denial.policy_type} allows {denial.action}"
    if name == "resource.missing" and _is_service(denial):
        name = "resource.missing_service_permission"
    return Cause(name, because, _FITS, add_allow=name in _HELPED or "service" in name)


def _article(kind: PolicyType) -> str:
    return f"{'an' if kind is PolicyType.IDENTITY_BASED else 'a'} {kind}"


def _is_service(denial: Denial) -> bool:
    return denial.principal is not None and denial.principal.text.endswith(".amazonaws.com")


def text_causes(evidence: Evidence) -> tuple[Cause, ...]:
    """Causes that the words alone tell: those that no policy explains."""
    return tuple(_causes(evidence, evidence.denial))


def _causes(evidence: Evidence, denial: Denial) -> Iterator[Cause]:
    reason = (denial.service_reason or "").lower()
    if refused := refused_early(denial):
        yield refused
    if denial.form is Form.SERVICE_ROLE and denial.principal is not None:
        role = denial.resource or "the role"
        because = f"{denial.principal} may not assume {role}: its trust policy must name it"
        yield Cause("trust.missing", because, _FITS)
    elif row := _FORMS.get(denial.form):
        yield row
    for words, cause in _REASONS:
        if words in reason:
            yield cause
    service = service_behind(evidence)
    if service is not None:
        because = f"`{evidence.principal}` is an identity inside AWS, of the service {service}"
        yield Cause("resource.internal_principal", because)
    action = (denial.action or "").lower()
    bare = denial.resource is not None and not denial.resource.startswith(("arn:", "*"))
    if bare and action.startswith("secretsmanager:"):
        because = (
            f"Secrets Manager prints the bare name `{denial.resource}` for what it cannot find"
        )
        yield Cause("absent.masked", because, _FITS, add_allow=False)


_REASONS: Final = (
    (
        "block public access",
        Cause(
            "s3.settings",
            "S3 Block Public Access refuses it, whatever policies say",
            add_allow=False,
        ),
    ),
    (
        "blocked upload requests that specify server side encryption",
        Cause("s3.settings", "the bucket refuses customer provided keys (SSE-C)", add_allow=False),
    ),
    (
        "requester pays",
        Cause("s3.settings", "the bucket is Requester Pays: say that you pay", add_allow=False),
    ),
    (
        "object lock",
        Cause("s3.settings", "Object Lock protects the object version", add_allow=False),
    ),
    (
        "cross-account log access is not allowed",
        Cause(
            "cross_account.log_tail", "LogType=Tail is refused to other accounts", add_allow=False
        ),
    ),
    (
        "cross-account pass role is not allowed",
        Cause(
            "cross_account.api_unsupported",
            "the execution role must be in the function's own account",
            add_allow=False,
        ),
    ),
    (
        "role defined for the function cannot be assumed by lambda",
        Cause("trust.missing", "the execution role's trust policy does not name Lambda"),
    ),
    (
        "execution role does not have permissions to call",
        Cause(
            "identity.dependent_action",
            "not the caller but the function's execution role lacks a permission",
        ),
    ),
    (
        "the resource does not exist in this region, no resource-based policies allow",
        Cause(
            "kms.ciphertext",
            "KMS says the same for a wrong key, a wrong Region and a damaged ciphertext",
            _FITS,
            add_allow=False,
        ),
    ),
)
_FORMS: Final[Mapping[Form, Cause]] = {
    Form.KMS_CLASSIC: Cause(
        "kms.ciphertext",
        "KMS cannot use the key the ciphertext names: another Region, another key, or no access",
        _FITS,
        add_allow=False,
    ),
    Form.KMS_CIPHERTEXT: Cause(
        "kms.ciphertext",
        "KMS read no usable key from the ciphertext: it was made elsewhere or is damaged",
        _FITS,
        add_allow=False,
    ),
    Form.LAMBDA_KMS: Cause(
        "resource.kms_grant_orphan",
        "Lambda's grant on the key belongs to a former execution role of the same name",
        _FITS,
        add_allow=False,
    ),
    Form.ORGANIZATIONS: Cause(
        "orgs.not_delegated",
        "Organizations answers this outside the management and delegated administrator accounts",
        add_allow=False,
    ),
    Form.FUNCTION_URL: Cause(
        "furl.dual_auth",
        "a function URL needs lambda:InvokeFunctionUrl and lambda:InvokeFunction",
        _FITS,
    ),
    Form.LOGS_DESTINATION: Cause(
        "resource.missing_service_permission",
        "CloudWatch Logs may not invoke the function",
        _FITS,
    ),
    Form.S3_NOTIFICATION: Cause(
        "resource.missing_service_permission",
        "S3 may not invoke, send to or publish to the destination",
        _FITS,
    ),
    Form.COGNITO_TRIGGER: Cause(
        "resource.missing_service_permission", "Cognito may not invoke the trigger", _FITS
    ),
    Form.SERVICE_ROLE: Cause(
        "disguised.validation",
        "a service could not use the role it was given: PassRole, trust, or the role's policies",
        _FITS,
    ),
    Form.DISGUISED: Cause(
        "disguised.validation",
        "this is how the service words a denial of the role it was given",
        _FITS,
    ),
}

_INTERNAL: Final = (
    (re.compile(r":user/[A-Z]{3}\.SQS$"), "sns.amazonaws.com"),
    (re.compile(r":assumed-role/aws-?cognito", re.IGNORECASE), "cognito-idp.amazonaws.com"),
    (re.compile(r":assumed-role/(?:aws-?)?sns[-/]", re.IGNORECASE), "sns.amazonaws.com"),
    (re.compile(r":assumed-role/(?:aws-?)?events?[-/]", re.IGNORECASE), "events.amazonaws.com"),
    (re.compile(r":assumed-role/(?:aws-?)?apigateway", re.IGNORECASE), "apigateway.amazonaws.com"),
    (re.compile(r":(?:user|assumed-role)/s3[-.]", re.IGNORECASE), "s3.amazonaws.com"),
)


def service_behind(evidence: Evidence) -> str | None:
    """The service principal behind an identity of AWS's own that a message shows."""
    text = evidence.principal or ""
    return next((service for words, service in _INTERNAL if words.search(text)), None)
