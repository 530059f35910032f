from __future__ import annotations

from typing import Any

import pytest
from tests.operations.iam.world import EC2_TRUST, A, World

from clearance.model.estate import FULL_ACCESS

SAML = "<EntityDescriptor>".ljust(1000) + "</EntityDescriptor>"
# noun, how to make one, what names it, whether keys ignore case
KINDS: list[tuple[str, str, dict[str, str], dict[str, str], bool]] = [
    ("User", "CreateUser", {"UserName": "x"}, {"UserName": "x"}, True),
    (
        "Role",
        "CreateRole",
        {"RoleName": "x", "AssumeRolePolicyDocument": EC2_TRUST},
        {"RoleName": "x"},
        True,
    ),
    (
        "Policy",
        "CreatePolicy",
        {"PolicyName": "x", "PolicyDocument": FULL_ACCESS},
        {"PolicyArn": f"arn:aws:iam::{A}:policy/x"},
        False,
    ),
    (
        "InstanceProfile",
        "CreateInstanceProfile",
        {"InstanceProfileName": "x"},
        {"InstanceProfileName": "x"},
        False,
    ),
    (
        "MFADevice",
        "CreateVirtualMFADevice",
        {"VirtualMFADeviceName": "x"},
        {"SerialNumber": f"arn:aws:iam::{A}:mfa/x"},
        False,
    ),
    (
        "OpenIDConnectProvider",
        "CreateOpenIDConnectProvider",
        {"Url": "https://x.example.com"},
        {"OpenIDConnectProviderArn": f"arn:aws:iam::{A}:oidc-provider/x.example.com"},
        False,
    ),
    (
        "SAMLProvider",
        "CreateSAMLProvider",
        {"Name": "x", "SAMLMetadataDocument": SAML},
        {"SAMLProviderArn": f"arn:aws:iam::{A}:saml-provider/x"},
        False,
    ),
]


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


@pytest.mark.parametrize(("noun", "create", "made", "named", "fold"), KINDS)
class TestEveryKind:
    def test_tag_list_untag(
        self,
        noun: str,
        create: str,
        made: dict[str, str],
        named: dict[str, str],
        fold: bool,  # noqa: FBT001
    ) -> None:
        world = World()
        world(create, **made, Tags=tags(b="1"))
        world(f"Tag{noun}", **named, Tags=tags(a="2", B="3"))
        expected = tags(a="2", B="3") if fold else tags(B="3", a="2", b="1")
        shown = world(f"List{noun}Tags", **named)
        listed = sorted(shown["Tags"], key=lambda tag: tag["Key"])
        assert listed == sorted(expected, key=lambda tag: tag["Key"])
        assert shown["IsTruncated"] is False
        world(f"Untag{noun}", **named, TagKeys=["A", "never there"])
        left = {tag["Key"] for tag in world(f"List{noun}Tags", **named)["Tags"]}
        assert ("a" in left) is not fold

    def test_pages(
        self,
        noun: str,
        create: str,
        made: dict[str, str],
        named: dict[str, str],
        fold: bool,  # noqa: ARG002, FBT001
    ) -> None:
        world = World()
        world(create, **made, Tags=tags(a="1", b="2"))
        first = world(f"List{noun}Tags", **named, MaxItems=1)
        assert first["Tags"] == tags(a="1")
        second = world(f"List{noun}Tags", **named, Marker=first["Marker"])
        assert second == {"Tags": tags(b="2"), "IsTruncated": False}

    def test_double_keys(
        self,
        noun: str,
        create: str,
        made: dict[str, str],
        named: dict[str, str],
        fold: bool,  # noqa: FBT001
    ) -> None:
        world = World()
        hint = " Please note that Tag keys are case insensitive." if fold else ""
        refusal = ("InvalidInput", f"Duplicate tag keys found.{hint}", 400)
        doubled = tags(k="1") * 2
        assert world.refused(create, **made, Tags=doubled) == refusal
        world(create, **made)
        assert world.refused(f"Tag{noun}", **named, Tags=doubled) == refusal

    def test_fifty_are_the_limit(
        self,
        noun: str,
        create: str,
        made: dict[str, str],
        named: dict[str, str],
        fold: bool,  # noqa: ARG002, FBT001
    ) -> None:
        world = World()
        fifty = tags(**{f"k{number}": "v" for number in range(50)})
        world(create, **made, Tags=fifty)
        world(f"Tag{noun}", **named, Tags=tags(k1="other"))
        message = "The number of tags has reached the maximum limit."
        refused = world.refused(f"Tag{noun}", **named, Tags=tags(one_more="v"))
        assert refused == ("LimitExceeded", message, 409)
        refused = world.refused(f"Tag{noun}", **named, Tags=[*fifty, *tags(one_more="v")])
        assert refused == (
            "ValidationError",
            (
                "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member "
                "must have length less than or equal to 50"
            ),
            400,
        )


TOO_LONG = "Member must have length less than or equal to"
PATTERN = r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"


@pytest.mark.parametrize(
    ("tag", "where", "problem"),
    [
        ({"Key": "k" * 129, "Value": ""}, "key", f"{TOO_LONG} 128"),
        ({"Key": "k", "Value": "v" * 257}, "value", f"{TOO_LONG} 256"),
        ({"Key": "a,b", "Value": ""}, "key", PATTERN),
        ({"Key": "k"}, "value", "Member must not be null"),
    ],
)  # fmt: skip
def test_keys_and_values_are_validated(tag: dict[str, Any], where: str, problem: str) -> None:
    refused = World().refused("CreateUser", UserName="ana", Tags=[tag])
    message = (
        f"1 validation error detected: Value at 'tags.1.member.{where}' failed to satisfy "
        f"constraint: {problem}"
    )
    assert refused == ("ValidationError", message, 400)


@pytest.mark.parametrize("key", ["k" * 129, "a,b"])
def test_keys_to_remove_are_validated(key: str) -> None:
    message = (
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must have length less than or equal to 128, Member must have "
        "length greater than or equal to 1, Member must satisfy regular expression pattern: "
        r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]"
    )
    refused = World().refused("UntagUser", UserName="ana", TagKeys=[key])
    assert refused == ("ValidationError", message, 400)


def test_words_of_every_script_are_fine() -> None:
    world = World()
    world("CreateUser", UserName="ana", Tags=tags(**{"Équipe 部門": "ok"}))
    assert world.account.users["ana"].tags == {"Équipe 部門": "ok"}
