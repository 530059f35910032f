"""Everything that decides, as one value: an organization, its accounts and what is in them.

Policy documents are kept as the text their owner wrote; whoever decides parses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from clearance.model.access import Accessed, AccessJob
from clearance.model.event_source import CodeSigningConfig, EventSourceMapping
from clearance.model.function import Function
from clearance.model.layer import Layer

__all__ = [
    "FULL_ACCESS",
    "AccessKey",
    "Account",
    "AccountRequest",
    "CredentialReport",
    "Estate",
    "Grant",
    "Group",
    "Handshake",
    "InstanceProfile",
    "LoginProfile",
    "ManagedPolicy",
    "MfaDevice",
    "OidcProvider",
    "OrgAccount",
    "OrgPolicy",
    "OrgResourcePolicy",
    "OrgUnit",
    "Organization",
    "PasswordPolicy",
    "PolicyVersion",
    "Resource",
    "Role",
    "SamlProvider",
    "Secret",
    "ServerCertificate",
    "ServiceCredential",
    "TrustPolicy",
    "UploadedKey",
    "User",
    "VpcEndpoint",
]

FULL_ACCESS: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that must not be shown; stores seal it."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A long-term access key."""

    id: str
    secret: Secret
    created: datetime
    active: bool = True
    last_used: datetime | None = None
    last_service: str | None = None
    last_region: str | None = None


@dataclass(frozen=True, slots=True)
class MfaDevice:
    """A virtual MFA device; ``seed`` is base32, ``user`` the name of the user it is enabled for."""

    serial: str
    seed: Secret
    created: datetime
    user: str | None = None
    enabled: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadedKey:
    """A public SSH key or a signing certificate that a user uploaded."""

    id: str
    body: str
    uploaded: datetime
    active: bool = True


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate for servers, with its chain and private key; all in PEM."""

    name: str
    id: str
    uploaded: datetime
    expires: datetime
    body: str
    key: Secret
    chain: str | None = None
    path: str = "/"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceCredential:
    """A user name and password for one service."""

    id: str
    service: str
    user_name: str
    password: Secret
    created: datetime
    active: bool = True


@dataclass(frozen=True, slots=True)
class LoginProfile:
    """A console password, kept only as a salted hash; ``former`` are hashes used before."""

    created: datetime
    password: Secret
    changed: datetime
    reset_required: bool = False
    former: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What an account asks of its users' passwords; the defaults are AWS's for a new policy."""

    minimum_length: int = 6
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase: bool = False
    require_lowercase: bool = False
    allow_change: bool = False
    max_age: int | None = None
    reuse_prevention: int | None = None
    hard_expiry: bool | None = None


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """The last credential report, as CSV."""

    generated: datetime
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An OpenID Connect identity provider; ``url`` is without ``https://``."""

    url: str
    created: datetime
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SamlProvider:
    """A SAML identity provider; ``private_keys`` maps key ids to when they were added."""

    name: str
    id: str
    created: datetime
    valid_until: datetime
    metadata: str = field(repr=False)
    encryption: str | None = None
    private_keys: Mapping[str, datetime] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """A role's trust policy.

    ``pins`` maps each user or role ARN in its Principal to the unique ID that ARN had when the
    policy was saved: AWS stores the ID, so a re-created namesake is a stranger (R26).
    """

    text: str
    pins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user. ``inline`` maps policy names to texts, ``attached`` lists managed ARNs."""

    name: str
    id: str
    created: datetime
    path: str = "/"
    inline: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    boundary: str | None = None
    keys: Mapping[str, AccessKey] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    password_last_used: datetime | None = None
    login: LoginProfile | None = None
    ssh_keys: Mapping[str, UploadedKey] = field(default_factory=dict)
    certificates: Mapping[str, UploadedKey] = field(default_factory=dict)
    service_credentials: Mapping[str, ServiceCredential] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """An IAM group; users name the groups they are in."""

    name: str
    id: str
    created: datetime
    path: str = "/"
    inline: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role."""

    name: str
    id: str
    created: datetime
    trust: TrustPolicy
    path: str = "/"
    inline: Mapping[str, str] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    max_session: int = 3600
    last_used: datetime | None = None
    last_region: str | None = None

    @property
    def is_service_linked(self) -> bool:
        """True for roles under ``/aws-service-role/`` (R83)."""
        return self.path.startswith("/aws-service-role/")


@dataclass(frozen=True, slots=True)
class InstanceProfile:
    """A wrapper that hands a role to EC2 instances."""

    name: str
    id: str
    created: datetime
    path: str = "/"
    roles: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a managed policy."""

    id: str
    text: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A customer managed policy with its versions."""

    name: str
    id: str
    created: datetime
    updated: datetime
    versions: Mapping[str, PolicyVersion]
    default_version: str = "v1"
    path: str = "/"
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    next_version: int = 2

    @property
    def text(self) -> str:
        """The document in force."""
        return self.versions[self.default_version].text


@dataclass(frozen=True, slots=True)
class Grant:
    """A KMS grant (R100): ``grantee`` may call the ``operations``, named as in CreateGrant.

    The constraints are on the encryption context (``context_subset``: at least these pairs,
    ``context_equals``: exactly these) and on ``aws:SourceArn``.
    """

    id: str
    grantee: str
    operations: tuple[str, ...]
    retiring: str | None = None
    context_subset: Mapping[str, str] = field(default_factory=dict)
    context_equals: Mapping[str, str] | None = None
    source_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """Any resource with a policy or tags: bucket, queue, topic, key, secret and the like.

    ``attributes`` are named as the service's API names them; ``grants`` are a KMS key's.
    """

    arn: str
    policy: str | None = None
    tags: Mapping[str, str] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint; without a policy it lets everything through (R77)."""

    id: str
    vpc: str | None = None
    policy: str | None = None
    service: str | None = None
    gateway: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One account. Tables are keyed by name; managed policies, providers and resources by ARN.

    Functions and layers are keyed by ``region/name``, event source mappings by UUID, code signing
    configurations by ARN.

    ``deletions`` names the service-linked role behind each deletion task, ``canonical_id`` is
    what S3 calls the account. ``accessed`` says what was used when, by the unique id of the user
    or role (the root user's is the account's id).
    """

    id: str
    partition: str = "aws"
    name: str | None = None
    alias: str | None = None
    users: Mapping[str, User] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    policies: Mapping[str, ManagedPolicy] = field(default_factory=dict)
    instance_profiles: Mapping[str, InstanceProfile] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    vpc_endpoints: Mapping[str, VpcEndpoint] = field(default_factory=dict)
    root_keys: Mapping[str, AccessKey] = field(default_factory=dict)
    mfa_devices: Mapping[str, MfaDevice] = field(default_factory=dict)
    password_policy: PasswordPolicy | None = None
    oidc_providers: Mapping[str, OidcProvider] = field(default_factory=dict)
    saml_providers: Mapping[str, SamlProvider] = field(default_factory=dict)
    deletions: Mapping[str, str] = field(default_factory=dict)
    credential_report: CredentialReport | None = None
    global_token_version: int = 1
    canonical_id: str | None = None
    layers: Mapping[str, Layer] = field(default_factory=dict)
    event_sources: Mapping[str, EventSourceMapping] = field(default_factory=dict)
    code_signing: Mapping[str, CodeSigningConfig] = field(default_factory=dict)
    server_certificates: Mapping[str, ServerCertificate] = field(default_factory=dict)
    accessed: Mapping[str, Accessed] = field(default_factory=dict)
    access_jobs: Mapping[str, AccessJob] = field(default_factory=dict)

    def arn(self, kind: str, path: str, name: str) -> str:
        """The ARN of something in IAM, e.g. ``arn("user", "/team/", "ana")``."""
        return f"arn:{self.partition}:iam::{self.id}:{kind}{path}{name}"

    @property
    def root_arn(self) -> str:
        """The account's root ARN."""
        return f"arn:{self.partition}:iam::{self.id}:root"

    def user_arn(self, user: User) -> str:
        """A user's ARN."""
        return self.arn("user", user.path, user.name)

    def role_arn(self, role: Role) -> str:
        """A role's ARN."""
        return self.arn("role", role.path, role.name)

    def group_arn(self, group: Group) -> str:
        """A group's ARN."""
        return self.arn("group", group.path, group.name)


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """A service or resource control policy; ``type`` is AWS's name, e.g. SERVICE_CONTROL_POLICY."""

    id: str
    name: str
    type: str
    text: str
    description: str = ""
    aws_managed: bool = False


@dataclass(frozen=True, slots=True)
class OrgResourcePolicy:
    """What lets member accounts act on the organization: its one resource policy."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """The root (no parent) or an organizational unit."""

    id: str
    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class OrgAccount:
    """A member of the organization and the unit it lies in."""

    id: str
    name: str
    parent: str
    email: str = ""
    joined: datetime | None = None
    status: str = "ACTIVE"
    joined_method: str = "INVITED"


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """A CreateAccount call and what became of it; ``account`` is None when it failed."""

    id: str
    name: str
    requested: datetime
    completed: datetime
    account: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Handshake:
    """An invitation of an account into the organization."""

    id: str
    account: str
    requested: datetime
    expires: datetime
    state: str = "OPEN"
    notes: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization: its tree, its policies and where they hang.

    ``attachments`` maps a root, unit or account id to the ids of the policies attached there;
    ``enabled`` lists the policy types that are switched on, ``tags`` is keyed by the id of what
    is tagged. ``services`` says since when a service may act in the member accounts,
    ``delegated`` since when an account administers a service. ``root_features`` are IAM's
    features for members' root users.
    """

    id: str
    management_account: str
    units: Mapping[str, OrgUnit]
    accounts: Mapping[str, OrgAccount] = field(default_factory=dict)
    policies: Mapping[str, OrgPolicy] = field(default_factory=dict)
    attachments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enabled: frozenset[str] = frozenset({"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"})
    feature_set: str = "ALL"
    root_features: frozenset[str] = frozenset()
    requests: Mapping[str, AccountRequest] = field(default_factory=dict)
    handshakes: Mapping[str, Handshake] = field(default_factory=dict)
    services: Mapping[str, datetime] = field(default_factory=dict)
    delegated: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    resource_policy: OrgResourcePolicy | None = None

    @property
    def root(self) -> OrgUnit:
        """The root of the tree."""
        return next(unit for unit in self.units.values() if unit.parent is None)

    def path_of(self, account: str) -> tuple[str, ...]:
        """Ids from the root down to the account; empty when it is not a member."""
        member = self.accounts.get(account)
        if member is None:
            return ()
        path = [account]
        step: str | None = member.parent
        while step is not None and step not in path:
            path.append(step)
            unit = self.units.get(step)
            step = unit.parent if unit else None
        return tuple(reversed(path))

    def key_path(self, account: str) -> str | None:
        """The value of ``aws:PrincipalOrgPaths`` for the account (R144)."""
        path = self.path_of(account)
        return f"{self.id}/{'/'.join(path[:-1])}/" if path else None

    def attached(self, target: str, policy_type: str) -> tuple[OrgPolicy, ...]:
        """The policies of one type attached to a root, unit or account."""
        found = (self.policies.get(policy_id) for policy_id in self.attachments.get(target, ()))
        return tuple(policy for policy in found if policy and policy.type == policy_type)


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything known about some accounts at one moment.

    ``managed`` holds AWS managed policies by ARN. ``missing`` names what the source could not
    tell (``"scps"``, ``"resource policies of s3"`` …), so that answers can say what they rest on.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    organizations: Mapping[str, Organization] = field(default_factory=dict)
    managed: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def account(self, account_id: str | None) -> Account | None:
        """The account, if the estate knows it."""
        return self.accounts.get(account_id) if account_id else None

    def partition_of(self, account_id: str | None) -> str | None:
        """The partition the account is in, if the estate knows it."""
        account = self.account(account_id)
        return account.partition if account else None

    def holder_of(self, arn: str) -> str | None:
        """The account that holds a resource whose ARN does not name one, such as a bucket."""
        return next((a.id for a in self.accounts.values() if arn in a.resources), None)

    def resource(self, account_id: str | None, arn: str) -> Resource | None:
        """What the estate keeps under an ARN in an account."""
        account = self.account(account_id)
        return account.resources.get(arn) if account else None

    def organization_of(self, account_id: str | None) -> Organization | None:
        """The organization the account is a member of."""
        if account_id is None:
            return None
        found = (o for o in self.organizations.values() if account_id in o.accounts)
        return next(found, None)

    def managed_text(self, arn: str) -> str | None:
        """The text in force of a managed policy, customer's or AWS's."""
        if arn in self.managed:
            return self.managed[arn]
        account = self.accounts.get(arn.split(":")[4]) if arn.count(":") >= 5 else None  # noqa: PLR2004
        policy = account.policies.get(arn) if account else None
        return policy.text if policy else None

    def with_account(self, account: Account) -> Estate:
        """This estate with one account added or replaced."""
        return replace(self, accounts={**self.accounts, account.id: account})

    def with_organization(self, organization: Organization) -> Estate:
        """This estate with one organization added or replaced."""
        return replace(self, organizations={**self.organizations, organization.id: organization})

    def without(self, accounts: Iterable[str]) -> Estate:
        """This estate less some accounts."""
        gone = set(accounts)
        return replace(self, accounts={k: v for k, v in self.accounts.items() if k not in gone})
