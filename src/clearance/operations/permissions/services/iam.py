"""IAM: ARNs need the path of the entity, which only the estate knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Account, Role, User
from clearance.model.principal import PrincipalKind
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Row,
    Target,
    all_of,
    anything,
    beside,
    member,
    on,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]

_POLICY = member("iam:PolicyARN", "PolicyArn")
_NEW_BOUNDARY = member("iam:PermissionsBoundary", "PermissionsBoundary")


def _iam(ask: Ask, kind: str, path: str, name: str) -> str:
    return ask.arn(f"{kind}{path or '/'}{name}", service="iam", region="")


def _path(entity: object) -> str:
    path = getattr(entity, "path", "/")
    return path if isinstance(path, str) else "/"


def _entity(kind: str, field: str, table: Callable[[Account], Mapping[str, object]]) -> Target:
    """The ARN of a named entity; the path is that of the entity, or ``/`` if there is none."""

    def target(ask: Ask) -> str | None:
        name = ask.text(field)
        if name is None:
            return None
        account = ask.account
        return _iam(ask, kind, _path(account and table(account).get(name)), name)

    return target


def _user(ask: Ask) -> str | None:
    """The named user; without a name the caller, as for GetUser and ListAccessKeys."""
    if ask.text("UserName"):
        return _NAMED_USER(ask)
    who = ask.call.principal
    own = who.kind in {PrincipalKind.USER, PrincipalKind.ROOT}
    return who.arn if own else _iam(ask, "user", "/", "*")


_NAMED_USER: Final = _entity("user", "UserName", lambda account: account.users)
_ROLE: Final = _entity("role", "RoleName", lambda account: account.roles)
_GROUP: Final = _entity("group", "GroupName", lambda account: account.groups)
_PROFILE: Final = _entity(
    "instance-profile", "InstanceProfileName", lambda account: account.instance_profiles
)
_CERTIFICATE: Final = _entity(
    "server-certificate", "ServerCertificateName", lambda account: account.server_certificates
)


def _created(kind: str, field: str) -> Target:
    """The ARN a new entity will have: the path is in the request."""
    return lambda ask: (
        _iam(ask, kind, ask.text("Path") or "/", name) if (name := ask.text(field)) else None
    )


def _renamed(kind: str, field: str, table: Callable[[Account], Mapping[str, object]]) -> Target:
    """The ARN after a rename or a move.

    "To rename a user, you must have the appropriate permissions on both the source object and
    the target object" (IAM API Reference, UpdateUser).
    """

    def target(ask: Ask) -> str | None:
        name, path = ask.text(f"New{field}"), ask.text("NewPath")
        if name is None and path is None:
            return None
        account = ask.account
        old = ask.text(field) or "*"
        return _iam(ask, kind, path or _path(account and table(account).get(old)), name or old)

    return target


def _field(*paths: str) -> Target:
    return lambda ask: ask.text(*paths)


def _provider(ask: Ask) -> str | None:
    url = ask.text("Url")
    return url and _iam(ask, "oidc-provider", "/", url.removeprefix("https://").rstrip("/"))


def _delegation(ask: Ask) -> str | None:
    return _iam(ask, "delegation-request", "/", ask.text("DelegationRequestId") or "*")


def _access_report(ask: Ask) -> str | None:
    path = ask.text("EntityPath")
    return path and _iam(ask, "access-report", "/", path)


def _key_owner(ask: Ask) -> str:
    """The user an access key belongs to."""
    key = ask.text("AccessKeyId")
    for account in ask.estate.accounts.values():
        for user in account.users.values():
            if key in user.keys:
                return account.user_arn(user)
    return _iam(ask, "user", "/", "*")


# A service-linked role is named by its service; the request has only the service's name.
_LINKED: Final = {
    "autoscaling": "AutoScaling",
    "batch": "Batch",
    "cloudtrail": "CloudTrail",
    "config": "Config",
    "dax": "DAX",
    "ecs": "ECS",
    "eks": "AmazonEKS",
    "elasticache": "ElastiCache",
    "elasticbeanstalk": "ElasticBeanstalk",
    "elasticfilesystem": "AmazonElasticFileSystem",
    "elasticloadbalancing": "ElasticLoadBalancing",
    "es": "AmazonElasticsearchService",
    "guardduty": "AmazonGuardDuty",
    "lambda": "Lambda",
    "opensearchservice": "AmazonOpenSearchService",
    "ops.apigateway": "APIGateway",
    "organizations": "Organizations",
    "rds": "RDS",
    "replication.dynamodb": "DynamoDBReplication",
    "securityhub": "SecurityHub",
    "spot": "EC2Spot",
    "ssm": "AmazonSSM",
    "support": "Support",
    "trustedadvisor": "TrustedAdvisor",
}


def _linked_role(ask: Ask) -> str | None:
    service = ask.text("AWSServiceName")
    if service is None:
        return None
    label = service.removesuffix(".amazonaws.com")
    known = _LINKED.get(label, label.split(".")[0].replace("-", " ").title().replace(" ", ""))
    suffix = ask.text("CustomSuffix")
    tail = f"_{suffix}" if suffix else ""
    return _iam(ask, "role", f"/aws-service-role/{service}/", f"AWSServiceRoleFor{known}{tail}")


def _deletion_task(ask: Ask) -> str | None:
    """``task/aws-service-role/SERVICE/ROLE/UUID`` names the role."""
    task = ask.text("DeletionTaskId") or ""
    path = task.removeprefix("task/").rpartition("/")[0]
    return _iam(ask, "role", "/", path) if path else None


def _boundary_of(ask: Ask) -> Mapping[str, Value]:
    """The boundary that the user or role has now.

    For all actions but those that set a boundary the key is the one in place ("Checks that the
    specified policy is attached as permissions boundary on the IAM principal resource",
    reference_policies_iam-condition-keys).
    """
    account = ask.account
    entity: User | Role | None = None
    if account is not None:
        entity = account.users.get(ask.text("UserName") or "") or account.roles.get(
            ask.text("RoleName") or ""
        )
    return {"iam:PermissionsBoundary": entity.boundary} if entity and entity.boundary else {}


def _passed_role(ask: Ask) -> Iterable[str | None]:
    return (_ROLE(ask),)


def _any_instance(ask: Ask) -> str:
    # "The ARN value must be arn:aws:ec2:*:CallerAccountId:instance/*" (AddRoleToInstanceProfile).
    return ask.arn("instance/*", service="ec2", region="*")


def _shown(words: str, path: str, row: Row) -> Row:
    """IAM names what exists as `role NAME` in a denial, and what is to be made by its ARN."""

    def shown(ask: Ask) -> Iterable[Permission]:
        name = ask.text(path)
        for found in row(ask):
            by_name = name is not None and not found.dependent
            yield replace(found, shown_resource=f"{words} {name}") if by_name else found

    return shown


def _listed(shown: str) -> Row:
    """An action on everything, whose denial names a path."""

    def row(ask: Ask) -> Iterable[Permission]:
        path = ask.text("PathPrefix") or "/"
        text = _iam(ask, shown, path, "") if shown != "policy" else f"policy path {path}"
        yield replace(one(ask, ask.operation, "*"), shown_resource=text)

    return row


def _with_tags(create: Row, action: str, target: Target) -> Row:
    """Creating with tags asks for the tag action too."""
    return all_of(create, when(request_tags, beside(action, target, tagged=True)))


def _users() -> dict[str, Row]:
    plain = _shown("user", "UserName", on(_user))
    limited = _shown("user", "UserName", on(_user, _boundary_of))
    attach = _shown("user", "UserName", on(_user, _boundary_of, _POLICY))
    credential = _shown(
        "user",
        "UserName",
        on(
            _user,
            member("iam:ServiceSpecificCredentialServiceName", "ServiceName"),
            member("iam:ServiceSpecificCredentialAgeDays", "CredentialAgeDays"),
        ),
    )
    made = _created("user", "UserName")
    return {
        **same(
            "ChangePassword CreateAccessKey CreateLoginProfile DeactivateMFADevice DeleteAccessKey "
            "DeleteLoginProfile DeleteSSHPublicKey DeleteSigningCertificate "
            "EnableMFADevice GetLoginProfile GetMFADevice GetSSHPublicKey GetUser "
            "GetUserPolicy ListAccessKeys ListAttachedUserPolicies ListGroupsForUser "
            "ListMFADevices ListSSHPublicKeys ListServiceSpecificCredentials "
            "ListSigningCertificates ListUserPolicies ListUserTags ResyncMFADevice TagUser "
            "UntagUser UpdateAccessKey UpdateLoginProfile UpdateSSHPublicKey "
            "UpdateSigningCertificate UploadSSHPublicKey UploadSigningCertificate",
            plain,
        ),
        **same("DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy PutUserPolicy", limited),
        **same("AttachUserPolicy DetachUserPolicy", attach),
        **same(
            "CreateServiceSpecificCredential DeleteServiceSpecificCredential "
            "ResetServiceSpecificCredential UpdateServiceSpecificCredential",
            credential,
        ),
        "PutUserPermissionsBoundary": _shown("user", "UserName", on(_user, _NEW_BOUNDARY)),
        "CreateUser": _with_tags(on(made, _NEW_BOUNDARY), "iam:TagUser", made),
        "UpdateUser": all_of(
            _shown("user", "UserName", on(_user)),
            beside("iam:UpdateUser", _renamed("user", "UserName", lambda a: a.users)),
        ),
        "GetAccessKeyLastUsed": on(_key_owner),
        "ListUsers": _listed("user"),
    }


def _roles() -> dict[str, Row]:
    made = _created("role", "RoleName")
    return {
        **same(
            "GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole "
            "ListRolePolicies ListRoleTags TagRole UntagRole UpdateAssumeRolePolicy UpdateRole "
            "UpdateRoleDescription DeleteServiceLinkedRole",
            _shown("role", "RoleName", on(_ROLE)),
        ),
        **same(
            "DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy PutRolePolicy",
            _shown("role", "RoleName", on(_ROLE, _boundary_of)),
        ),
        **same(
            "AttachRolePolicy DetachRolePolicy",
            _shown("role", "RoleName", on(_ROLE, _boundary_of, _POLICY)),
        ),
        "PutRolePermissionsBoundary": _shown("role", "RoleName", on(_ROLE, _NEW_BOUNDARY)),
        "CreateRole": _with_tags(on(made, _NEW_BOUNDARY), "iam:TagRole", made),
        "CreateServiceLinkedRole": on(_linked_role, member("iam:AWSServiceName", "AWSServiceName")),
        "GetServiceLinkedRoleDeletionStatus": on(_deletion_task),
        "ListRoles": _listed("role"),
        # Access Analyzer's name for making a role from a template; not in the service reference.
        "AcquireRole": on(anything, member("iam:RoleTemplateARN", "TemplateArn")),
        "GetRoleTemplateVersion": on(
            _field("TemplateArn"), member("iam:RoleTemplateARN", "TemplateArn")
        ),
    }


def _groups_and_profiles() -> dict[str, Row]:
    made = _created("instance-profile", "InstanceProfileName")
    return {
        **same(
            "AddUserToGroup DeleteGroup DeleteGroupPolicy GetGroup GetGroupPolicy "
            "ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup",
            _shown("group", "GroupName", on(_GROUP)),
        ),
        **same(
            "AttachGroupPolicy DetachGroupPolicy", _shown("group", "GroupName", on(_GROUP, _POLICY))
        ),
        "CreateGroup": on(_created("group", "GroupName")),
        "UpdateGroup": all_of(
            _shown("group", "GroupName", on(_GROUP)),
            beside("iam:UpdateGroup", _renamed("group", "GroupName", lambda a: a.groups)),
        ),
        "ListGroups": _listed("group"),
        **same(
            "DeleteInstanceProfile GetInstanceProfile ListInstanceProfileTags "
            "RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile",
            _shown("instance profile", "InstanceProfileName", on(_PROFILE)),
        ),
        "CreateInstanceProfile": _with_tags(on(made), "iam:TagInstanceProfile", made),
        "AddRoleToInstanceProfile": all_of(
            _shown("instance profile", "InstanceProfileName", on(_PROFILE)),
            passed(_passed_role, "ec2.amazonaws.com", _any_instance),
        ),
        "ListInstanceProfiles": _listed("instance-profile"),
    }


def _policies() -> dict[str, Row]:
    made = _created("policy", "PolicyName")
    return {
        **same(
            "CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion "
            "ListEntitiesForPolicy ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion "
            "TagPolicy UntagPolicy",
            _shown("policy", "PolicyArn", on(_field("PolicyArn"))),
        ),
        "CreatePolicy": _shown("policy", "PolicyName", _with_tags(on(made), "iam:TagPolicy", made)),
        "ListPolicies": _listed("policy"),
        **same(
            "GenerateServiceLastAccessedDetails ListPoliciesGrantingServiceAccess",
            on(_field("Arn")),
        ),
        **same(
            "SimulatePrincipalPolicy GetContextKeysForPrincipalPolicy",
            on(_field("PolicySourceArn")),
        ),
        "GenerateOrganizationsAccessReport": on(
            _access_report, member("iam:OrganizationsPolicyId", "OrganizationsPolicyId")
        ),
    }


def _providers() -> dict[str, Row]:
    certificate = _created("server-certificate", "ServerCertificateName")
    device = _created("mfa", "VirtualMFADeviceName")
    saml = _created("saml-provider", "Name")
    return {
        **same(
            "AddClientIDToOpenIDConnectProvider DeleteOpenIDConnectProvider "
            "GetOpenIDConnectProvider ListOpenIDConnectProviderTags "
            "RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider "
            "UntagOpenIDConnectProvider UpdateOpenIDConnectProvider "
            "UpdateOpenIDConnectProviderThumbprint",
            on(_field("OpenIDConnectProviderArn")),
        ),
        "CreateOpenIDConnectProvider": _with_tags(
            on(_provider), "iam:TagOpenIDConnectProvider", _provider
        ),
        **same(
            "DeleteSAMLProvider GetSAMLProvider ListSAMLProviderTags TagSAMLProvider "
            "UntagSAMLProvider UpdateSAMLProvider",
            on(_field("SAMLProviderArn")),
        ),
        "CreateSAMLProvider": _with_tags(on(saml), "iam:TagSAMLProvider", saml),
        **same(
            "DeleteServerCertificate GetServerCertificate ListServerCertificateTags "
            "TagServerCertificate UntagServerCertificate",
            on(_CERTIFICATE),
        ),
        "UpdateServerCertificate": all_of(
            on(_CERTIFICATE),
            beside(
                "iam:UpdateServerCertificate",
                _renamed(
                    "server-certificate",
                    "ServerCertificateName",
                    lambda account: account.server_certificates,
                ),
            ),
        ),
        "UploadServerCertificate": _with_tags(
            on(certificate), "iam:TagServerCertificate", certificate
        ),
        "CreateVirtualMFADevice": _with_tags(on(device), "iam:TagMFADevice", device),
        **same(
            "DeleteVirtualMFADevice ListMFADeviceTags TagMFADevice UntagMFADevice",
            on(_field("SerialNumber")),
        ),
        **same(
            "AcceptDelegationRequest AssociateDelegationRequest GetDelegationRequest "
            "RejectDelegationRequest SendDelegationToken UpdateDelegationRequest",
            on(_delegation),
        ),
        "CreateDelegationRequest": on(
            _delegation, member("iam:NotificationChannel", "NotificationChannel")
        ),
        "GetHumanReadableSummary": on(_field("EntityArn")),
        "ListDelegationRequests": on(anything, member("iam:DelegationRequestOwner", "OwnerId")),
    }


TABLE: Final[Mapping[str, Row]] = {
    **_users(),
    **_roles(),
    **_groups_and_profiles(),
    **_policies(),
    **_providers(),
}
