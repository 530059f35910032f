"""AWS's denial sentences, written: from the parts, or from a `Denial` that was parsed.

>>> sentence(
...     "arn:aws:iam::123456789012:user/lambda_executer",
...     "lambda:InvokeFunction",
...     "arn:aws:lambda:us-east-1:123456789012:function:ProcessImages",
...     effect=Effect.IMPLICIT,
...     policy_type=PolicyType.IDENTITY_BASED,
... )  # doctest: +NORMALIZE_WHITESPACE
'User: arn:aws:iam::123456789012:user/lambda_executer is not authorized to perform:
lambda:InvokeFunction on resource:
arn:aws:lambda:us-east-1:123456789012:function:ProcessImages
because no identity-based policy allows the lambda:InvokeFunction action'
"""

from collections.abc import Callable
from dataclasses import replace
from re import compile as pattern
from typing import ParamSpec

from clearance.explain.denial import Denial, Effect, Form, PolicyType, Principal

P = ParamSpec("P")

__all__ = [
    "EC2_BARE",
    "EC2_ENCODED",
    "FEDERATED_ACTIONS",
    "FIXED",
    "KMS_CIPHERTEXT",
    "SERVICE_REASONS",
    "printed_resource",
    "render",
    "sentence",
    "state",
]

EC2_BARE = "You are not authorized to perform this operation."
EC2_ENCODED = "Encoded authorization failure message: "
KMS_CIPHERTEXT = "on the resource associated with this ciphertext"

# STS names no caller and gives no reason when the caller has no AWS identity yet.
FEDERATED_ACTIONS = ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
# The existence of a role, and its trust policy, are never told to the caller. The IAM User
# Guide lists "no role trust policy allows", but STS answers without any reason.
_NEVER_EXPLAINED = frozenset({"sts:assumerole", "sts:tagsession", "sts:setsourceidentity"})

# What a service may say after "because" that is no policy at all; the key is our word for it.
SERVICE_REASONS = {
    "kms-composite": (
        "the resource does not exist in this Region, no resource-based policies allow access, "
        "or a resource-based policy explicitly denies access"
    ),
    "s3-block-public-acls": (
        "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access"
    ),
    "s3-block-public-policy": (
        "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"
    ),
    # The guide documents the words above; these are what PutBucketPolicy really answers.
    "s3-public-policy-blocked": (
        "public policies are blocked by the BlockPublicPolicy block public access setting"
    ),
    "s3-blocked-encryption": (
        "this bucket has blocked upload requests that specify Server Side Encryption with "
        "Customer provided keys (SSE-C). Please specify a different server-side encryption type"
    ),
}

# Forms that are one constant sentence.
FIXED = {
    Form.KMS_CLASSIC: (
        "The ciphertext refers to a customer master key that does not exist, "
        "does not exist in this region, or you are not allowed to access."
    ),
    Form.ORGANIZATIONS: "You don't have permissions to access this resource.",
    Form.FUNCTION_URL: (
        "Forbidden. For troubleshooting Function URL authorization issues, see: "
        "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
    ),
    Form.LOGS_DESTINATION: (
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
        "permission to execute your function."
    ),
    Form.S3_NOTIFICATION: "Unable to validate the following destination configurations",
    Form.S3_BARE: "Access Denied",
}

# IAM prints kind and name of an entity that must exist, the ARN of one that may not:
# `iam:GetRole on resource: role app`, `iam:CreateRole on resource: arn:aws:iam::…:role/app`.
_IAM_ENTITY = pattern(
    r"arn:[^:]*:iam::[^:]*:(?P<kind>role|user|group|instance-profile|policy)/(?P<name>.+)"
)
_IAM_KEEPS_ARN = pattern(r"(?:Create|PassRole|List(?:Users|Roles|Groups|InstanceProfiles)$)")
_NAMED_BY_ARN = frozenset({"policy"})
# EC2's and S3's list calls name no resource: everything in the account would be it.
_NO_RESOURCE = frozenset({"s3:listallmybuckets"})
_ARTICLE = {PolicyType.ROLE_TRUST: "the", PolicyType.IDENTITY_BASED: "an"}
# The types whose policies have an ARN that a message may name (since January 2026).
_HAVE_ARN = frozenset(
    {
        PolicyType.IDENTITY_BASED,
        PolicyType.PERMISSIONS_BOUNDARY,
        PolicyType.SESSION,
        PolicyType.SERVICE_CONTROL,
        PolicyType.RESOURCE_CONTROL,
    }
)


def state(  # noqa: PLR0913 - a sentence has this many parts
    principal: str,
    action: str,
    resource: str | None,
    *,
    effect: Effect | None = None,
    policy_type: PolicyType | None = None,
    policy_arn: str | None = None,
    via: PolicyType | None = None,
    authorization_id: str | None = None,
    region: str | None = None,
    encoded_message: str | None = None,
    cross_organization: bool = False,
) -> Denial:
    """What AWS tells a caller whom it denied: it never tells all it knows.

    A caller outside the resource's organization is given no reason, and so is whoever tries
    to assume a role.
    """
    service, _, name = action.partition(":")
    service = service.lower()
    if action in FEDERATED_ACTIONS:
        return Denial(Form.STS_FEDERATED, action=action)
    # "access denied error messages … only if the principal and the resource are in the same
    # AWS account or the same organization" (IAM User Guide, troubleshoot_access-denied)
    if cross_organization and service == "s3":
        return Denial(Form.S3_BARE)
    silent = cross_organization or action.lower() in _NEVER_EXPLAINED
    # "no role trust policy" is documented, but a policy type without an effect says nothing.
    named = policy_type if effect and not silent else None
    explicit = named if effect is Effect.EXPLICIT else None
    told = Denial(
        form=Form.ENHANCED if named else Form.CLASSIC,
        principal=Principal(principal),
        action=action,
        resource=printed_resource(service, name, resource),
        effect=None if silent or (effect is Effect.IMPLICIT and not named) else effect,
        policy_type=named,
        policy_arn=policy_arn if explicit in _HAVE_ARN else None,
        via=via if explicit else None,
    )
    if service == "ec2":
        return replace(told, form=Form.EC2, encoded_message=encoded_message)
    if authorization_id and not silent:
        region = region or "us-east-1"
        return replace(told, authorization_id=authorization_id, region=region)
    return told


def render(denial: Denial) -> str:
    """The sentence this denial was parsed from, letter by letter, without its wrappers."""
    if denial.form in FIXED:
        return FIXED[denial.form]
    if denial.form is Form.STS_FEDERATED:
        return f"Not authorized to perform {denial.action}"
    if denial.form is Form.EC2 and denial.action is None:
        return _ec2("", denial.encoded_message)
    if denial.action is None or denial.form is Form.SERVICE_ROLE:
        return denial.service_reason or ""
    if denial.form is Form.PANEL:
        return _panel(denial)
    resource = denial.resource
    if resource and denial.action.lower().startswith("s3:"):
        resource = _quoted(resource)
    context = _context(
        denial.action, denial.effect, denial.policy_type, denial.policy_arn, denial.via
    )
    if denial.service_reason:
        context = f" because {denial.service_reason}"
    where = f" {KMS_CIPHERTEXT}" if denial.form is Form.KMS_CIPHERTEXT else None
    principal = denial.principal.text if denial.principal else ""
    body = _body(principal, denial.action, resource, context, where)
    if denial.form is Form.EC2:
        return _ec2(body, denial.encoded_message)
    if denial.authorization_id:
        body += _authorization(denial.authorization_id, denial.region or "us-east-1")
    return body


def _panel(denial: Denial) -> str:
    """The rows of the console's panel, in English."""
    context = f"no {denial.policy_type} allows the action"
    if denial.effect is Effect.EXPLICIT and denial.policy_type:
        article = "an" if denial.policy_type is PolicyType.IDENTITY_BASED else "a"
        context = f"{article} {denial.policy_type} explicitly denies the action"
    rows = {
        "User": denial.principal.text if denial.principal else None,
        "Action": denial.action,
        "On resource(s)": denial.resource or "-",
        "Context": context if denial.policy_type else None,
    }
    return "\n".join(f"{label}: {value}" for label, value in rows.items() if value)


def _rendered(stated: Callable[P, Denial]) -> Callable[P, str]:
    def text(*args: P.args, **kwargs: P.kwargs) -> str:
        return render(stated(*args, **kwargs))

    text.__doc__ = f"The sentence of `{stated.__name__}`, which takes the same arguments."
    return text


sentence = _rendered(state)


def printed_resource(service: str, name: str, resource: str | None) -> str | None:
    """A resource as the service names it: IAM says `role app`, S3 and EC2 may say nothing.

    >>> printed_resource("iam", "GetRole", "arn:aws:iam::123456789012:role/team/app")
    'role app'
    >>> printed_resource("iam", "PassRole", "arn:aws:iam::123456789012:role/team/app")
    'arn:aws:iam::123456789012:role/team/app'
    """
    if resource is None or f"{service}:{name}".lower() in _NO_RESOURCE:
        return None
    if service == "ec2" and resource == "*":
        return None
    if service == "iam" and not _IAM_KEEPS_ARN.match(name):
        entity = _IAM_ENTITY.fullmatch(resource)
        if entity:
            kind = entity["kind"]
            short = resource if kind in _NAMED_BY_ARN else entity["name"].rpartition("/")[2]
            return f"{kind.replace('-', ' ')} {short}"
    return resource


def _body(
    principal: str, action: str, resource: str | None, context: str, where: str | None = None
) -> str:
    user = f"User: {principal} " if principal else "User "
    if where is None:
        where = f" on resource: {resource}" if resource else ""
    return f"{user}is not authorized to perform: {action}{where}{context}"


def _context(
    action: str,
    effect: Effect | None,
    policy_type: PolicyType | None,
    policy_arn: str | None,
    via: PolicyType | None,
) -> str:
    if effect is None:
        return ""
    if effect is Effect.IMPLICIT:
        return f" because no {policy_type} allows the {action} action" if policy_type else ""
    if policy_type is None:
        return " with an explicit deny"
    # "with an explicit deny in the role trust policy" is AWS's one definite article.
    text = f" with an explicit deny in {_ARTICLE.get(policy_type, 'a')} {policy_type}"
    if via:
        text += f" transitively through a {via}"
    return f"{text}: {policy_arn}" if policy_arn else text


def _ec2(body: str, encoded_message: str | None) -> str:
    text = f"{EC2_BARE} {body}." if body else EC2_BARE
    return text if encoded_message is None else f"{text} {EC2_ENCODED}{encoded_message}"


def _authorization(authorization_id: str, region: str) -> str:
    domain = "amazonaws.cn" if region.startswith("cn-") else "aws.amazon.com"
    if region.startswith("us-gov-"):
        domain = "amazonaws-us-gov.com"
    return (
        f". Go to https://{region}.console.{domain}/iam/home?region={region}"
        f"#/authorization-details/{authorization_id} for complete details, or call the "
        "GetRequestAuthorizationDetails API with the following authorization id: "
        f"{authorization_id}"
    )


def _quoted(resource: str) -> str:
    return resource if resource == "*" else f'"{resource}"'
