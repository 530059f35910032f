"""Resources with policies: buckets, queues, topics, keys, secrets; and the organization's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import OrgPolicy, VpcEndpoint
from clearance.store.cloudformation.deploy import Deploy, Handler, Kind
from clearance.store.cloudformation.resolve import Made
from clearance.store.draft import key_policy

__all__ = ["KINDS"]

_QUEUE_PARTS: Final = 2


def _made(policy: str | None = None, **attributes: str) -> Handler:
    """A resource: its policy if a property holds it, its tags, attributes by AWS's names."""

    def put(deploy: Deploy, made: Made) -> None:
        arn = deploy.arn(made)
        if arn is None:
            return
        told = {n: text for n, m in attributes.items() if (text := deploy.text(made, m))}
        deploy.draft.put_resource(deploy.account, arn, tags=deploy.tags(made), attributes=told)
        text = deploy.document(made, policy) if policy else None
        if text is not None:
            deploy.draft.put_resource_policy(deploy.account, arn, text)

    return put


def _put_bucket(deploy: Deploy, made: Made) -> None:
    arn = deploy.arn(made)
    if arn is None:
        return
    block = deploy.value(made, "PublicAccessBlockConfiguration")
    block = block if isinstance(block, dict) else {}
    controls = deploy.value(made, "OwnershipControls")
    rules = controls.get("Rules") if isinstance(controls, dict) else None
    told = {
        name: "true"
        for name in ("RestrictPublicBuckets", "IgnorePublicAcls")
        if block.get(name) in {True, "true"}
    }
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and isinstance(rule.get("ObjectOwnership"), str):
            told["ObjectOwnership"] = rule["ObjectOwnership"]
    deploy.draft.put_resource(deploy.account, arn, tags=deploy.tags(made), attributes=told)


def _put_key(deploy: Deploy, made: Made) -> None:
    arn = deploy.arn(made)
    if arn is None:
        return
    deploy.draft.put_resource(
        deploy.account, arn, tags=deploy.tags(made), attributes={"KeyManager": "CUSTOMER"}
    )
    policy = deploy.document(made, "KeyPolicy")
    if policy is None and "KeyPolicy" not in made.properties:
        policy = key_policy(deploy.account, deploy.partition)
    if policy is not None:
        deploy.draft.put_resource_policy(deploy.account, arn, policy)


def _put_key_alias(deploy: Deploy, made: Made) -> None:
    arn, key = deploy.arn(made), deploy.text(made, "TargetKeyId")
    if arn is not None and key is not None:
        target = {"TargetKeyId": key.rpartition("/")[2]}
        deploy.draft.put_resource(deploy.account, arn, attributes=target)


def _put_table(deploy: Deploy, made: Made) -> None:
    _made()(deploy, made)
    raw, arn = made.properties.get("ResourcePolicy"), deploy.arn(made)
    if isinstance(raw, dict) and arn is not None:
        place = (*deploy.place(made, "ResourcePolicy"), "PolicyDocument")
        text = deploy.policy(raw.get("PolicyDocument"), place)
        deploy.draft.put_resource_policy(deploy.account, arn, text)


def _policy(member: str, document: str = "PolicyDocument") -> Handler:
    """A policy of one or several resources that a property names."""

    def put(deploy: Deploy, made: Made) -> None:
        text = deploy.document(made, document)
        for named in deploy.texts(made, member):
            arn = _arn(deploy, made, named)
            if text is not None and arn is not None:
                parts = Arn.find(arn)
                owner = parts.account if parts and parts.account.isdigit() else deploy.account
                deploy.draft.put_resource_policy(owner, arn, text)

    return put


def _arn(deploy: Deploy, made: Made, named: str) -> str | None:
    """The ARN of a bucket by its name, of a queue by its URL, of others by their ARN."""
    if named.startswith("arn:"):
        return named
    if made.type == "AWS::S3::BucketPolicy":
        return f"arn:{deploy.partition}:s3:::{named}"
    parts = named.removeprefix("https://").split("/")
    if len(parts) > _QUEUE_PARTS:
        return f"arn:{deploy.partition}:sqs:{parts[0].split('.')[1]}:{parts[1]}:{parts[2]}"
    deploy.draft.note(f"which resource `{named}` is, for `{made.name}`")
    return None


def _put_endpoint(deploy: Deploy, made: Made) -> None:
    name = deploy.name(made)
    deploy.draft.table(deploy.account, "vpc_endpoints")[name] = VpcEndpoint(
        name,
        vpc=deploy.text(made, "VpcId"),
        policy=deploy.document(made, "PolicyDocument"),
        service=deploy.text(made, "ServiceName"),
        gateway=(deploy.text(made, "VpcEndpointType") or "Gateway") == "Gateway",
    )


def _put_organization_policy(deploy: Deploy, made: Made) -> None:
    """SCPs and RCPs, in the organization of the estate the template is deployed on."""
    held = list(deploy.draft.organizations.values())
    text = deploy.document(made, "Content")
    if len(held) != 1 or text is None:
        deploy.draft.note(f"the organization that `{made.name}` belongs to")
        return
    (organization,) = held
    name = deploy.name(made)
    policy = OrgPolicy(
        name,
        deploy.text(made, "Name") or made.name,
        deploy.text(made, "Type") or "SERVICE_CONTROL_POLICY",
        text,
    )
    attachments: dict[str, Any] = dict(organization.attachments)
    for target in deploy.texts(made, "TargetIds"):
        if name not in attachments.get(target, ()):
            attachments[target] = (*attachments.get(target, ()), name)
    deploy.draft.organizations[organization.id] = replace(
        organization,
        policies={**organization.policies, name: policy},
        attachments=attachments,
    )


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::S3::Bucket": Kind(_put_bucket),
    "AWS::SQS::Queue": Kind(_made(KmsMasterKeyId="KmsMasterKeyId")),
    "AWS::SNS::Topic": Kind(_made(KmsMasterKeyId="KmsMasterKeyId")),
    "AWS::KMS::Key": Kind(_put_key),
    "AWS::KMS::Alias": Kind(_put_key_alias, order=1),
    "AWS::SecretsManager::Secret": Kind(_made(KmsKeyId="KmsKeyId")),
    "AWS::ECR::Repository": Kind(_made("RepositoryPolicyText")),
    "AWS::DynamoDB::Table": Kind(_put_table),
    "AWS::Serverless::SimpleTable": Kind(_made()),
    "AWS::Events::EventBus": Kind(_made("Policy")),
    "AWS::S3::BucketPolicy": Kind(_policy("Bucket"), order=1),
    "AWS::SQS::QueuePolicy": Kind(_policy("Queues"), order=1),
    "AWS::SQS::QueueInlinePolicy": Kind(_policy("Queue"), order=1),
    "AWS::SNS::TopicPolicy": Kind(_policy("Topics"), order=1),
    "AWS::SNS::TopicInlinePolicy": Kind(_policy("TopicArn"), order=1),
    "AWS::SecretsManager::ResourcePolicy": Kind(_policy("SecretId", "ResourcePolicy"), order=1),
    "AWS::EC2::VPCEndpoint": Kind(_put_endpoint),
    "AWS::Organizations::Policy": Kind(_put_organization_policy, order=1),
}
