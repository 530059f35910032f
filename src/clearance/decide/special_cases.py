"""Where AWS departs from ``combine``: rows, each with the page that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from clearance.decide.situation import Situation
from clearance.model.arn import Arn
from clearance.model.decision import CheckType, DecisionEffect, Naming
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request

__all__ = [
    "KMS_CROSS_ACCOUNT",
    "RCP_SERVICES",
    "TRUST_ACTIONS",
    "Exceptions",
    "exceptions",
    "is_trust",
    "refused",
]

TRUST_ACTIONS: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
    }
)

# "You cannot use key policies or IAM policies to give users in other accounts permission to use
# other operations" (KMS guide, key-policy-modifying-external-accounts): these are the others' rest.
KMS_CROSS_ACCOUNT: Final = frozenset(
    f"kms:{name}"
    for name in (
        "creategrant",
        "decrypt",
        "derivesharedsecret",
        "describekey",
        "encrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "generatemac",
        "getkeyrotationstatus",
        "getpublickey",
        "listgrants",
        "reencryptfrom",
        "reencryptto",
        "retiregrant",
        "revokegrant",
        "sign",
        "verify",
        "verifymac",
    )
)

# Services whose resources RCPs protect (R87): the Organizations page and the newer public list
# of the same facts. Lambda is in neither.
_RCP_SERVICES: Final = """
aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory cloudfront
cloudsearch cloudtrail-data codeartifact codebuild codecommit codepipeline cognito-identity
cognito-idp comprehend comprehendmedical compute-optimizer cost-optimization-hub dax dsql
dynamodb ecr ecr-public events firehose fis fms gamelift health inspector-scan kendra
kinesisvideo kms logs memorydb networkmonitor notifications opensearch pca-connector-ad
personalize polly pricing resource-groups rolesanywhere s3 secretsmanager servicediscovery
signin sqs sts support swf textract timestream-influxdb transcribe transfer translate wafv2
workspaces xray
"""
RCP_SERVICES: Final = frozenset(_RCP_SERVICES.split())

# "No permissions are required to perform this operation" (STS API reference): the first even
# under an explicit deny, the second "cannot be controlled with policies".
NEEDS_NO_PERMISSION: Final = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})

# The bucket owner's root user keeps these "even if the bucket policy explicitly denies the root
# principal" (S3 API reference, GetBucketPolicy, PutBucketPolicy, DeleteBucketPolicy).
BUCKET_POLICY: Final = frozenset(
    {"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"}
)
# "Edit or delete an Amazon SQS resource-based policy that denies all principals" is a task of the
# root user, too (id_root-user).
LOCK_OUT_GUARD: Final = BUCKET_POLICY | {"sqs:getqueueattributes", "sqs:setqueueattributes"}


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What is different about one situation.

    ``always`` settles the verdict; ``always_allow`` are layers that allow without a statement;
    ``cannot_deny`` are layers whose denies and errors do not count; ``mandatory`` must allow even
    within one account; ``also`` adds layers to a grant by how it names the caller.
    """

    always: DecisionEffect | None = None
    always_allow: frozenset[CheckType] = frozenset()
    cannot_deny: frozenset[CheckType] = frozenset()
    mandatory: frozenset[CheckType] = frozenset()
    also: Mapping[Naming, frozenset[CheckType]] = field(default_factory=dict)


NOTHING: Final = Exceptions()


def exceptions(situation: Situation) -> Exceptions:
    """Every row that applies, put together."""
    found = [special for row in ROWS if (special := row(situation)) is not NOTHING]
    if len(found) < 2:  # noqa: PLR2004
        return found[0] if found else NOTHING
    return Exceptions(
        always=next((f.always for f in found if f.always is not None), None),
        always_allow=frozenset().union(*(f.always_allow for f in found)),
        cannot_deny=frozenset().union(*(f.cannot_deny for f in found)),
        mandatory=frozenset().union(*(f.mandatory for f in found)),
        also={naming: layers for f in found for naming, layers in f.also.items()},
    )


def _action(situation: Situation) -> str:
    return situation.request.action.lower()


def _session_restrictions(situation: Situation) -> Exceptions:
    """Some temporary credentials cannot call some APIs, whatever policies say (R99)."""
    if refused(situation.request):
        return Exceptions(always=DecisionEffect.IMPLICIT_DENY)
    return NOTHING


def refused(request: Request) -> bool:
    """True when the kind of credentials forbids the call (table "Comparing STS options")."""
    action, caller = request.action.lower(), request.principal
    service, _, name = action.partition(":")
    if service not in {"iam", "sts"} or name == "getcalleridentity":
        return False
    if caller.kind is PrincipalKind.ROLE_SESSION:
        return name in {"getfederationtoken", "getsessiontoken"}
    if caller.kind is PrincipalKind.FEDERATED_USER:
        return action != "iam:passrole"
    if caller.kind is PrincipalKind.USER and caller.session is not None:
        if service == "iam":
            return action != "iam:passrole" and not caller.session.mfa
        return action not in TRUST_ACTIONS
    return False


def _no_permission_needed(situation: Situation) -> Exceptions:
    """sts:GetCallerIdentity and sts:GetSessionToken need no permission, denied or not (R98)."""
    if _action(situation) in NEEDS_NO_PERMISSION:
        return Exceptions(always=DecisionEffect.ALLOW)
    return NOTHING


def _root_user(situation: Situation) -> Exceptions:
    """The root user "has full access" in its own account, without a policy (R50, R74)."""
    if situation.request.principal.kind is not PrincipalKind.ROOT:
        return NOTHING
    return Exceptions(always_allow=frozenset({CheckType.PRINCIPAL}))


def _assumed_root(situation: Situation) -> Exceptions:
    """An AssumeRoot session can do what its task policy leaves (R99a).

    AWS's task policies only deny, so nothing in them needs to allow; a session without one
    cannot exist and may do nothing.
    """
    session = situation.request.principal.session
    if session is None or not session.assumed_root:
        return NOTHING
    if not session.limited:
        return Exceptions(always=DecisionEffect.IMPLICIT_DENY)
    return Exceptions(always_allow=frozenset({CheckType.SESSION}))


def _partitions(situation: Situation) -> Exceptions:
    """Nothing can be delegated from one partition to another (R29)."""
    arn, caller = Arn.find(situation.request.resource), situation.request.principal
    elsewhere = arn is not None and "*" not in arn.partition and arn.partition != caller.partition
    if elsewhere and caller.account is not None:
        return Exceptions(always=DecisionEffect.IMPLICIT_DENY)
    return NOTHING


def _bucket_policy(situation: Situation) -> Exceptions:
    """Who touches a bucket policy "must belong to the bucket owner's account" (R101)."""
    if situation.same_account or _action(situation) not in BUCKET_POLICY:
        return NOTHING
    return Exceptions(always=DecisionEffect.IMPLICIT_DENY)


def _lock_out_guard(situation: Situation) -> Exceptions:
    """A bucket or queue policy cannot lock out its account's root user (R101)."""
    root = situation.request.principal.kind is PrincipalKind.ROOT
    if not (root and situation.same_account and _action(situation) in LOCK_OUT_GUARD):
        return NOTHING
    resource = frozenset({CheckType.RESOURCE})
    return Exceptions(always_allow=resource, cannot_deny=resource)


def _key_policy(situation: Situation) -> Exceptions:
    """Key policies come first: "Key policies are the primary way to control access" (KMS).

    IAM policies count only where the key policy delegates to the account (R100).
    """
    if not _action(situation).startswith("kms:") or ":key/" not in situation.request.resource:
        return NOTHING
    if not situation.same_account and _action(situation) not in KMS_CROSS_ACCOUNT:
        return Exceptions(always=DecisionEffect.IMPLICIT_DENY)
    return Exceptions(mandatory=frozenset({CheckType.RESOURCE}))


def _trust_policy(situation: Situation) -> Exceptions:
    """A role's trust policy "must explicitly allow" the caller (R90); boundaries limit (R92)."""
    if not is_trust(situation.request):
        return NOTHING
    boundary = frozenset({CheckType.PERMISSIONS_BOUNDARY})
    limited = situation.options.boundary_limits_trust
    itself = situation.options.self_trust and _assumes_itself(
        situation.request.principal, situation
    )
    return Exceptions(
        mandatory=frozenset() if itself else frozenset({CheckType.RESOURCE}),
        also={Naming.USER: boundary} if limited else {},
    )


def is_trust(request: Request) -> bool:
    """True when the resource's policy is a role trust policy."""
    return request.action.lower() in TRUST_ACTIONS and ":role/" in request.resource


def _assumes_itself(caller: Principal, situation: Situation) -> bool:
    return caller.role_arn is not None and caller.role_arn == situation.request.resource


Row = Callable[[Situation], Exceptions]
ROWS: Final[tuple[Row, ...]] = (
    _session_restrictions,
    _no_permission_needed,
    _assumed_root,
    _partitions,
    _bucket_policy,
    _root_user,
    _lock_out_guard,
    _key_policy,
    _trust_policy,
)
