"""Condition keys that come from the HTTP request itself (R142, R151)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Call
from clearance.operations.permissions.permission import Value

__all__ = ["GLOBAL_SERVICES", "request_context"]

# "for requests to global services the value is us-east-1": by prefix (IAM User Guide,
# reference_policies_condition-keys, aws:RequestedRegion; R151).
GLOBAL_SERVICES: Final[Mapping[str, str]] = {
    "account": "us-east-1",
    "aws-portal": "us-east-1",
    "budgets": "us-east-1",
    "ce": "us-east-1",
    "chime": "us-east-1",
    "cloudfront": "us-east-1",
    "globalaccelerator": "us-west-2",
    "health": "us-east-1",
    "iam": "us-east-1",
    "importexport": "us-east-1",
    "networkmanager": "us-west-2",
    "organizations": "us-east-1",
    "route53": "us-east-1",
    "route53domains": "us-east-1",
    "shield": "us-east-1",
    "support": "us-east-1",
    "trustedadvisor": "us-east-1",
    "waf": "us-east-1",
}


def request_context(
    call: Call,
    *,
    prefix: str,
    secure: bool = True,
    user_agent: str | None = None,
    referer: str | None = None,
    vpc_endpoint: str | None = None,
    vpc: str | None = None,
    vpc_source_ip: str | None = None,
) -> Mapping[str, Value]:
    """``aws:SourceIp``, ``aws:RequestedRegion`` and the other keys of the request itself.

    A call through a VPC endpoint has ``aws:SourceVpc``, ``aws:SourceVpce`` and
    ``aws:VpcSourceIp``, and no ``aws:SourceIp``.
    """
    found: dict[str, Value] = {
        "aws:RequestedRegion": GLOBAL_SERVICES.get(prefix, call.region),
        "aws:SecureTransport": secure,
        "aws:ViaAWSService": False,
    }
    optional: dict[str, str | None] = {
        "aws:UserAgent": user_agent if user_agent is not None else call.user_agent,
        "aws:Referer": referer,
    }
    if vpc_endpoint is None:
        optional["aws:SourceIp"] = call.source_ip
    else:
        optional |= {
            "aws:SourceVpce": vpc_endpoint,
            "aws:SourceVpc": vpc,
            "aws:VpcSourceIp": vpc_source_ip or call.source_ip,
        }
    return {**found, **{key: value for key, value in optional.items() if value is not None}}
