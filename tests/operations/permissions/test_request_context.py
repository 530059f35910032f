from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call, Ports
from clearance.operations.permissions.request_context import request_context

CALL = Call(
    Principal(PrincipalKind.ANONYMOUS),
    "123456789012",
    "eu-west-1",
    datetime(2026, 1, 1, tzinfo=UTC),
    cast("Ports", None),
    source_ip="203.0.113.7",
    user_agent="boto3",
)


def test_what_every_request_carries() -> None:
    assert request_context(CALL, prefix="s3", secure=False) == {
        "aws:RequestedRegion": "eu-west-1",
        "aws:SecureTransport": False,
        "aws:ViaAWSService": False,
        "aws:UserAgent": "boto3",
        "aws:SourceIp": "203.0.113.7",
    }


def test_global_services_are_in_us_east_1_r151() -> None:
    assert request_context(CALL, prefix="iam")["aws:RequestedRegion"] == "us-east-1"
    assert request_context(CALL, prefix="organizations")["aws:RequestedRegion"] == "us-east-1"
    assert request_context(CALL, prefix="sts")["aws:RequestedRegion"] == "eu-west-1"


def test_a_vpc_endpoint_hides_the_public_address_r142() -> None:
    found = request_context(
        CALL, prefix="s3", vpc_endpoint="vpce-1", vpc="vpc-1", vpc_source_ip="10.0.0.1"
    )
    assert "aws:SourceIp" not in found
    assert found["aws:SourceVpce"] == "vpce-1"
    assert found["aws:SourceVpc"] == "vpc-1"
    assert found["aws:VpcSourceIp"] == "10.0.0.1"


def test_a_referer_only_when_sent() -> None:
    assert "aws:Referer" not in request_context(CALL, prefix="s3")
    assert request_context(CALL, prefix="s3", referer="x")["aws:Referer"] == "x"
