"""A denial as AWS stated it: who, what, on what, and which policy layer AWS named."""

from dataclasses import dataclass, field
from enum import StrEnum
from re import IGNORECASE
from re import compile as pattern

__all__ = [
    "Denial",
    "Effect",
    "Form",
    "PolicyType",
    "Principal",
    "PrincipalKind",
    "is_redacted",
]


class Effect(StrEnum):
    """How a policy denied: nothing allowed it, or a Deny statement matched."""

    IMPLICIT = "implicit"
    EXPLICIT = "explicit"


class PolicyType(StrEnum):
    """AWS's eight policy types, worded as its sentences word them."""

    IDENTITY_BASED = "identity-based policy"
    RESOURCE_BASED = "resource-based policy"
    PERMISSIONS_BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    VPC_ENDPOINT = "VPC endpoint policy"
    ROLE_TRUST = "role trust policy"


class Form(StrEnum):
    """The sentence a denial was written in; each service has its own habits."""

    ENHANCED = "enhanced"  # names the policy type (since September 2021)
    CLASSIC = "classic"  # ends at the resource, or with an untyped "explicit deny"
    SERVICE_REASON = "service-reason"  # "because" something that is no policy
    EC2 = "ec2"
    STS_FEDERATED = "sts-federated"
    KMS_CIPHERTEXT = "kms-ciphertext"
    KMS_CLASSIC = "kms-classic"
    LAMBDA_KMS = "lambda-kms"
    SQS_LEGACY = "sqs-legacy"
    ORGANIZATIONS = "organizations"
    FUNCTION_URL = "function-url"
    LAMBDA_SERVICE = "lambda-service"
    LOGS_DESTINATION = "logs-destination"
    S3_NOTIFICATION = "s3-notification"
    COGNITO_TRIGGER = "cognito-trigger"
    API_GATEWAY = "api-gateway"
    LAKE_FORMATION = "lake-formation"
    SERVICE_ROLE = "service-role"  # a service could not assume the role it was given
    S3_BARE = "s3-bare"
    PANEL = "console-panel"
    DISGUISED = "disguised"  # a denial that is not spelled as one
    STRUCTURED = "structured"  # from AWS's own JSON: no sentence was printed
    NO_POLICY = "no-policy"  # refused before any policy was asked
    BARE = "bare"  # an error code and nothing else that we know


class PrincipalKind(StrEnum):
    """What a principal is, as far as its text tells."""

    USER = "user"
    ROLE = "role"
    ASSUMED_ROLE = "assumed-role"
    FEDERATED_USER = "federated-user"
    ROOT = "root"
    ACCOUNT = "account"
    SERVICE = "service"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


# What authors hide names behind: `****`, `XXXX`, `<account>`, `[redacted]`, `...`.
_HIDDEN = pattern(
    r"\*{2}|\.{3}|\u2026|[<>\[\]{}\u2588]|(?<![a-z0-9])x{2,}(?![a-z])|[0-9]x{3}|x{3}[0-9]"
    r"|redact|removed|masked|hidden|account[-_ ]?(?:id|number)|your[-_ ]?\w|\$(?!LATEST)[a-z({]",
    IGNORECASE,
)
_ACCOUNT = pattern(r"[0-9]{12}|aws|")
# `arn:aws:s3:::bucket` and the like name no account; an IAM or STS ARN always does.
_ALWAYS_OWNED = frozenset({"iam", "sts"})


def is_redacted(text: str | None) -> bool:
    """Is a part of this ARN or name hidden, so that it cannot be compared?"""
    if not text:
        return False
    if _HIDDEN.search(text):
        return True
    arn = _fields(text)
    if not arn:
        return False
    owned = arn[2] in _ALWAYS_OWNED
    return not _ACCOUNT.fullmatch(arn[4]) or (owned and not arn[4])


def _fields(text: str) -> list[str]:
    """The six fields of an ARN; none when it is not one."""
    parts = text.split(":", 5)
    return parts if parts[0] == "arn" and len(parts) == len(_ARN_FIELDS) else []


_ARN_FIELDS = ("arn", "partition", "service", "region", "account", "resource")


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as printed; its parts are read from the text, and are None when it has none.

    >>> caller = Principal("arn:aws:sts::123456789012:assumed-role/app/session-1")
    >>> caller.kind.value, caller.account, caller.name, caller.session_name
    ('assumed-role', '123456789012', 'app', 'session-1')
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def kind(self) -> PrincipalKind:
        """User, role, session, root, service, anonymous and so on."""
        arn = _fields(self.text)
        if arn:
            return _KIND_OF_ARN.get(arn[5].partition("/")[0], PrincipalKind.UNKNOWN)
        if self.text.lower() in {"anonymous", "*"}:
            return PrincipalKind.ANONYMOUS
        if _SERVICE.fullmatch(self.text):
            return PrincipalKind.SERVICE
        return PrincipalKind.ACCOUNT if self.text.isdigit() else PrincipalKind.UNKNOWN

    @property
    def partition(self) -> str | None:
        """`aws`, `aws-cn`, `aws-us-gov` and so on, of an ARN."""
        arn = _fields(self.text)
        return arn[1] if arn else None

    @property
    def account(self) -> str | None:
        """The account of an ARN, redacted or not."""
        arn = _fields(self.text)
        return (arn[4] or None) if arn else None

    @property
    def name(self) -> str | None:
        """The user's or role's name, without its path; a session's role name."""
        arn = _fields(self.text)
        if self.kind is PrincipalKind.ASSUMED_ROLE:
            return _part(arn[5], 1)
        return arn[5].rpartition("/")[2] or None if arn else None

    @property
    def session_name(self) -> str | None:
        """The role session name of an assumed role."""
        assumed = self.kind is PrincipalKind.ASSUMED_ROLE
        return _part(_fields(self.text)[5], 2) if assumed else None

    @property
    def redacted(self) -> bool:
        """Is a part of it hidden?"""
        return is_redacted(self.text)


_SERVICE = pattern(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_KIND_OF_ARN = {
    "user": PrincipalKind.USER,
    "role": PrincipalKind.ROLE,
    "assumed-role": PrincipalKind.ASSUMED_ROLE,
    "federated-user": PrincipalKind.FEDERATED_USER,
    "root": PrincipalKind.ROOT,
}


def _part(resource: str, index: int) -> str | None:
    parts = resource.split("/", 2)
    return parts[index] or None if index < len(parts) else None


@dataclass(frozen=True, slots=True)
class Denial:
    """What one denial says. ``None`` means that it does not say it.

    The place where it was found (``span``) and what stood around it (``wrappers`` and the
    facts they carried) do not make it another denial, so they do not take part in equality.
    """

    form: Form
    principal: Principal | None = None
    action: str | None = None
    resource: str | None = None
    effect: Effect | None = None
    policy_type: PolicyType | None = None
    policy_arn: str | None = None
    via: PolicyType | None = None  # "in a VPC endpoint policy transitively through a …"
    service_reason: str | None = None
    authorization_id: str | None = None
    region: str | None = None  # of the authorization id
    encoded_message: str | None = None  # for sts:DecodeAuthorizationMessage
    error_code: str | None = field(default=None, compare=False)
    api_operation: str | None = field(default=None, compare=False)
    service: str | None = field(default=None, compare=False)  # as the wrapper names it
    status_code: int | None = field(default=None, compare=False)
    request_id: str | None = field(default=None, compare=False)
    wrappers: tuple[str, ...] = field(default=(), compare=False)
    truncated: bool = field(default=False, compare=False)
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def redacted(self) -> bool:
        """Is a part of what it names hidden?"""
        principal = self.principal.text if self.principal else None
        return any(map(is_redacted, (principal, self.resource, self.policy_arn)))
