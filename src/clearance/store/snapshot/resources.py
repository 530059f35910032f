"""Resources with policies or tags, and VPC endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clearance.model.estate import Grant, Resource, VpcEndpoint
from clearance.store.snapshot.node import Node, as_document

__all__ = ["read_endpoints", "read_resources", "show_endpoints", "show_resources"]


def read_resources(node: Node) -> Iterator[Resource]:
    """One resource or an array of them, with the members that the package names."""
    for item in node.items() if isinstance(node.value, list) else (node,):
        arn = item.text("arn")
        if not arn.startswith("arn:"):
            raise item.at("arn").fail("expected an ARN")
        yield Resource(
            arn,
            policy=item.document("policy"),
            tags=item.tags("tags") if item.has("tags") else None,
            attributes=item.tags("attributes"),
            grants=tuple(map(_grant, item.items("grants"))),
        )


def show_resources(resources: Iterable[Resource]) -> list[dict[str, Any]]:
    """What `read_resources` reads."""
    return [
        {
            "arn": resource.arn,
            "policy": as_document(resource.policy),
            "tags": None if resource.tags is None else dict(resource.tags),
            "attributes": dict(resource.attributes),
            "grants": list(map(_grant_shown, resource.grants)),
        }
        for resource in resources
    ]


def _grant(node: Node) -> Grant:
    """A grant as ListGrants shows it."""
    limits = node.at("Constraints")
    limited = limits.value is not None
    exact = limited and limits.has("EncryptionContextEquals")
    return Grant(
        node.text("GrantId"),
        node.text("GranteePrincipal"),
        node.texts("Operations"),
        retiring=node.maybe("RetiringPrincipal"),
        context_subset=limits.tags("EncryptionContextSubset") if limited else {},
        context_equals=limits.tags("EncryptionContextEquals") if exact else None,
        source_arn=limits.maybe("SourceArn") if limited else None,
    )


def _grant_shown(grant: Grant) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if grant.context_subset:
        limits["EncryptionContextSubset"] = dict(grant.context_subset)
    if grant.context_equals is not None:
        limits["EncryptionContextEquals"] = dict(grant.context_equals)
    if grant.source_arn is not None:
        limits["SourceArn"] = grant.source_arn
    shown: dict[str, Any] = {
        "GrantId": grant.id,
        "GranteePrincipal": grant.grantee,
        "Operations": list(grant.operations),
    }
    if grant.retiring is not None:
        shown["RetiringPrincipal"] = grant.retiring
    return {**shown, "Constraints": limits} if limits else shown


def read_endpoints(answer: Node) -> Iterator[VpcEndpoint]:
    """The answer of DescribeVpcEndpoints."""
    for page in answer.pages():
        for item in page.items("VpcEndpoints"):
            yield VpcEndpoint(
                item.text("VpcEndpointId"),
                vpc=item.maybe("VpcId"),
                policy=item.document("PolicyDocument"),
                service=item.maybe("ServiceName"),
                gateway=item.text("VpcEndpointType", "Interface") == "Gateway",
            )


def show_endpoints(endpoints: Iterable[VpcEndpoint]) -> dict[str, Any]:
    """What `read_endpoints` reads."""
    shown = [
        {
            "VpcEndpointId": endpoint.id,
            "VpcEndpointType": "Gateway" if endpoint.gateway else "Interface",
            "VpcId": endpoint.vpc,
            "ServiceName": endpoint.service,
            # EC2 answers the policy as a text.
            "PolicyDocument": endpoint.policy,
        }
        for endpoint in endpoints
    ]
    return {"VpcEndpoints": [{k: v for k, v in e.items() if v is not None} for e in shown]}
