"""``AWS::IAM::*``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clearance.model.estate import InstanceProfile, OidcProvider, SamlProvider
from clearance.store.cloudformation.deploy import Deploy, Handler, Kind
from clearance.store.cloudformation.resolve import Made, Unresolved
from clearance.store.draft import stand_in
from clearance.store.snapshot.node import UNKNOWN_TIME

__all__ = ["KINDS"]

_KINDS: Final = {"Users": "user", "Groups": "group", "Roles": "role"}


def _path(deploy: Deploy, made: Made) -> str:
    return deploy.text(made, "Path") or "/"


def _put_role(deploy: Deploy, made: Made) -> None:
    name, fields = deploy.name(made), _common(deploy, made)
    fields["description"] = deploy.text(made, "Description")
    fields["max_session"] = deploy.number(made, "MaxSessionDuration", 3600)
    trust = deploy.document(made, "AssumeRolePolicyDocument")
    deploy.draft.put_role(deploy.account, name, trust, **fields)
    _put_policies(deploy, made, "role", name)


def _put_user(deploy: Deploy, made: Made) -> None:
    name = deploy.name(made)
    deploy.draft.put_user(deploy.account, name, **_common(deploy, made))
    _put_policies(deploy, made, "user", name)
    for group in deploy.texts(made, "Groups"):
        deploy.draft.join(deploy.account, name, group)


def _put_group(deploy: Deploy, made: Made) -> None:
    name = deploy.name(made)
    deploy.draft.put_group(deploy.account, name, path=_path(deploy, made))
    _put_policies(deploy, made, "group", name)


def _common(deploy: Deploy, made: Made) -> dict[str, Any]:
    return {
        "path": _path(deploy, made),
        "boundary": deploy.text(made, "PermissionsBoundary"),
        "tags": deploy.tags(made),
    }


def _put_policies(deploy: Deploy, made: Made, kind: str, name: str) -> None:
    """The policies in the properties of an identity."""
    for arn in deploy.texts(made, "ManagedPolicyArns"):
        deploy.draft.attach(deploy.account, kind, name, arn)
    place = deploy.place(made, "Policies")
    for here, raw in deploy.items(made.properties.get("Policies"), place):
        if not isinstance(raw, dict):
            deploy.note(Unresolved("a policy is an object", here))
            continue
        text = deploy.policy(raw.get("PolicyDocument"), (*here, "PolicyDocument"))
        try:
            called = deploy.resolver.text(raw.get("PolicyName"), (*here, "PolicyName"))
        except Unresolved as error:
            deploy.note(error)
            continue
        if text is not None:
            deploy.draft.put_inline(deploy.account, kind, name, called, text)


def _put_policy(deploy: Deploy, made: Made) -> None:
    """AWS::IAM::Policy: one inline policy for several identities."""
    name, text = deploy.text(made, "PolicyName"), deploy.document(made, "PolicyDocument")
    if name is None or text is None:
        return
    for member, kind in _KINDS.items():
        for identity in deploy.texts(made, member):
            deploy.draft.put_inline(deploy.account, kind, identity, name, text)


def _inline(kind: str, member: str) -> Handler:
    def put(deploy: Deploy, made: Made) -> None:
        identity, name = deploy.text(made, member), deploy.text(made, "PolicyName")
        text = deploy.document(made, "PolicyDocument")
        if identity is not None and name is not None and text is not None:
            deploy.draft.put_inline(deploy.account, kind, identity, name, text)

    return put


def _put_managed(deploy: Deploy, made: Made) -> None:
    arn, text = deploy.arn(made), deploy.document(made, "PolicyDocument")
    if arn is None or text is None:
        return
    deploy.draft.put_policy(
        deploy.account,
        arn,
        text,
        name=deploy.name(made),
        path=_path(deploy, made),
        description=deploy.text(made, "Description"),
    )


def _attach_managed(deploy: Deploy, made: Made) -> None:
    arn = deploy.arn(made)
    for member, kind in _KINDS.items():
        for identity in deploy.texts(made, member):
            if arn is not None:
                deploy.draft.attach(deploy.account, kind, identity, arn)


def _put_managed_and_attach(deploy: Deploy, made: Made) -> None:
    _put_managed(deploy, made)
    _attach_managed(deploy, made)


def _put_profile(deploy: Deploy, made: Made) -> None:
    name = deploy.name(made)
    deploy.draft.table(deploy.account, "instance_profiles")[name] = InstanceProfile(
        name,
        stand_in("AIPA", f"{deploy.account}/{name}"),
        UNKNOWN_TIME,
        path=_path(deploy, made),
        roles=deploy.texts(made, "Roles"),
    )


def _put_members(deploy: Deploy, made: Made) -> None:
    group = deploy.text(made, "GroupName")
    for user in deploy.texts(made, "Users"):
        if group is not None:
            deploy.draft.join(deploy.account, user, group)


def _put_oidc(deploy: Deploy, made: Made) -> None:
    arn, url = deploy.arn(made), deploy.text(made, "Url")
    if arn is not None and url is not None:
        deploy.draft.table(deploy.account, "oidc_providers")[arn] = OidcProvider(
            url.removeprefix("https://"),
            UNKNOWN_TIME,
            client_ids=deploy.texts(made, "ClientIdList"),
            thumbprints=deploy.texts(made, "ThumbprintList"),
            tags=deploy.tags(made),
        )


def _put_saml(deploy: Deploy, made: Made) -> None:
    arn = deploy.arn(made)
    if arn is not None:
        metadata = deploy.text(made, "SamlMetadataDocument") or ""
        deploy.draft.table(deploy.account, "saml_providers")[arn] = SamlProvider(
            deploy.name(made), "", UNKNOWN_TIME, UNKNOWN_TIME, metadata, tags=deploy.tags(made)
        )


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::IAM::Role": Kind(_put_role),
    "AWS::IAM::User": Kind(_put_user),
    "AWS::IAM::Group": Kind(_put_group),
    "AWS::IAM::InstanceProfile": Kind(_put_profile),
    "AWS::IAM::OIDCProvider": Kind(_put_oidc),
    "AWS::IAM::SAMLProvider": Kind(_put_saml),
    "AWS::IAM::ManagedPolicy": Kind(_put_managed_and_attach, order=1),
    "AWS::IAM::Policy": Kind(_put_policy, order=1),
    "AWS::IAM::RolePolicy": Kind(_inline("role", "RoleName"), order=1),
    "AWS::IAM::UserPolicy": Kind(_inline("user", "UserName"), order=1),
    "AWS::IAM::GroupPolicy": Kind(_inline("group", "GroupName"), order=1),
    "AWS::IAM::UserToGroupAddition": Kind(_put_members, order=1),
}
