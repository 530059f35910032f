"""What each member of an input must look like, and the sentence when it does not.

IAM has two ways to say so: the common ``N validation errors detected`` (without the value) and,
for names, paths and documents, sentences of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import TAG_KEY, TAG_VALUE, Number, Rule, Text, refuse
from clearance.operations.iam.faults import validation

__all__ = ["NEW_USER", "Word", "checked"]

MAX_TAGS: Final = 50
NAME: Final = r"[A-Za-z0-9_+=,.@-]+"
_DOCUMENT_TEXT: Final = r"[\t\n\r\u0020-\u00ff]+"
_DOCUMENT: Final = Text(1, 131072)
NEW_USER: Final = Text(1, 64)
_EACH_TAG_KEY: Final = (
    "Member must satisfy constraint: [Member must have length less than or equal to 128, Member "
    "must have length greater than or equal to 1, Member must satisfy regular expression "
    r"pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]"
)


@dataclass(frozen=True, slots=True)
class Word:
    """One of some words."""

    words: tuple[str, ...]

    def problems(self, value: str) -> Iterable[str]:
        """The constraint that the word breaks."""
        if value not in self.words:
            yield "Member must satisfy enum value set"


@dataclass(frozen=True, slots=True)
class Each:
    """A list whose items have bounds of their own."""

    low: int
    high: int

    def problems(self, value: Iterable[str]) -> Iterable[str]:
        """The constraint that the items break."""
        if any(not self.low <= len(item) <= self.high for item in value):
            yield (
                "Member must satisfy constraint: [Member must have length less than or equal to "
                f"{self.high}, Member must have length greater than or equal to {self.low}]"
            )


_ALIAS: Final = r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"
_DESCRIPTION: Final = (
    r"[\t\n\r\u0020-\u007e\u00a1-\u00ff]*",
    r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
)
_RULES: Final[Mapping[str, Rule]] = {
    "UserName": Text(1, 128),
    "NewUserName": NEW_USER,
    "GroupName": Text(1, 128),
    "NewGroupName": Text(1, 128),
    "RoleName": Text(1, 64),
    "PolicyName": Text(1, 128),
    "InstanceProfileName": Text(1, 128),
    "VirtualMFADeviceName": Text(1, 226),
    "Path": Text(1, 512),
    "NewPath": Text(1, 512),
    "PathPrefix": Text(1, 512),
    "PolicyArn": Text(20, 2048),
    "PermissionsBoundary": Text(20, 2048),
    "Arn": Text(20, 2048),
    "OpenIDConnectProviderArn": Text(20, 2048),
    "SAMLProviderArn": Text(20, 2048),
    "VersionId": Text(pattern=r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"),
    "PolicyDocument": _DOCUMENT,
    "AssumeRolePolicyDocument": _DOCUMENT,
    "Description": Text(0, 1000, *_DESCRIPTION),
    "MaxSessionDuration": Number(3600, 43200),
    "AccessKeyId": Text(16, 128, r"[\w]+"),
    "Marker": Text(1, 320),
    "MaxItems": Number(1, 1000),
    "Status": Word(("Active", "Inactive")),
    "AccountAlias": Text(3, 63, _ALIAS),
    "MinimumPasswordLength": Number(6, 128),
    "MaxPasswordAge": Number(1, 1095),
    "PasswordReusePrevention": Number(1, 24),
    "Password": Text(1, 128),
    "OldPassword": Text(1, 128),
    "NewPassword": Text(1, 128),
    "SerialNumber": Text(9, 256, r"[\w+=/:,.@-]+"),
    "AuthenticationCode1": Text(6, 6, r"[\d]+"),
    "AuthenticationCode2": Text(6, 6, r"[\d]+"),
    "AssignmentStatus": Word(("Assigned", "Unassigned", "Any")),
    "EntityFilter": Word(("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")),
    "PolicyUsageFilter": Word(("PermissionsPolicy", "PermissionsBoundary")),
    "Scope": Word(("All", "AWS", "Local")),
    "ClientIDList": Each(1, 255),
    "ThumbprintList": Each(40, 40),
    "Url": Text(1, 255),
    "ClientID": Text(1, 255),
    "SAMLMetadataDocument": Text(1000, 10_000_000),
    "Name": Text(1, 128, r"[\w._-]+"),
    "AssertionEncryptionMode": Word(("Required", "Allowed")),
    "AWSServiceName": Text(1, 128, r"[\w+=,.@-]+"),
    "CustomSuffix": Text(1, 64, r"[\w+=,.@-]+"),
    "DeletionTaskId": Text(1, 1000),
    "SSHPublicKeyId": Text(20, 128, r"[\w]+"),
    "SSHPublicKeyBody": Text(1, 16384),
    "Encoding": Word(("SSH", "PEM")),
    "CertificateId": Text(24, 128, r"[\w]+"),
    "CertificateBody": Text(1, 16384),
    "ServiceSpecificCredentialId": Text(20, 128, r"[\w]+"),
    "ServerCertificateName": Text(1, 128),
    "NewServerCertificateName": Text(1, 128),
    "PrivateKey": Text(1, 16384),
    "CertificateChain": Text(1, 2097152),
    "JobId": Text(36, 36),
    "Granularity": Word(("SERVICE_LEVEL", "ACTION_LEVEL")),
    "ServiceNamespace": Text(1, 64, r"[\w-]*"),
    "EntityPath": Text(19, 427),
    "GlobalEndpointTokenVersion": Word(("v1Token", "v2Token")),
}

_NAMED: Final = "alphanumeric characters and/or the following: +=,.@_-"
_PATH: Final = (
    r"/|/[\u0021-\u007e]+/",
    "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
)
_PRINTABLE: Final = (_DOCUMENT_TEXT, "It must contain only printable ASCII characters.")
_NAMES: Final = (
    "UserName", "NewUserName", "GroupName", "NewGroupName", "RoleName", "PolicyName",
    "InstanceProfileName", "VirtualMFADeviceName", "ServerCertificateName",
    "NewServerCertificateName",
)  # fmt: skip
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(_NAMES, (NAME, f"It must contain only {_NAMED}")),
    "Path": _PATH,
    "NewPath": _PATH,
    "PathPrefix": (
        r"/[\u0021-\u007f]*",
        "It must begin with / and contain only alphanumeric characters and/or / characters.",
    ),
    "PolicyDocument": _PRINTABLE,
    "AssumeRolePolicyDocument": _PRINTABLE,
}


def checked(operation: Operation, *required: str, **narrower: Rule) -> Operation:
    """The operation, called only with an input that has what it needs and nothing malformed."""
    rules = {**_RULES, **narrower}

    def guarded(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
        present = {name: value for name, value in given.items() if value is not None}
        found = [*_missing(present, required), *_broken(present, rules)]
        if found:
            refuse((f"Value at {problem}" for problem in found), "ValidationError")
        _refuse_odd(present)
        return operation(estate, call, present)

    return guarded


def _missing(given: Input, required: Iterable[str]) -> Iterator[str]:
    for name in required:
        if name not in given:
            yield _sentence(_camel(name), "Member must not be null")


def _broken(given: Input, rules: Mapping[str, Rule]) -> Iterator[str]:
    for name, value in given.items():
        if name == "Tags":
            yield from _broken_tags(value)
        elif name == "TagKeys":
            yield from _broken_tag_keys(value)
        elif name in rules:
            for problem in rules[name].problems(value):
                yield _sentence(_camel(name), problem)


def _broken_tags(tags: list[Mapping[str, str]]) -> Iterator[str]:
    if len(tags) > MAX_TAGS:
        yield _sentence("tags", f"Member must have length less than or equal to {MAX_TAGS}")
    for place, tag in enumerate(tags, 1):
        for name, rule in (("Key", TAG_KEY), ("Value", TAG_VALUE)):
            where = f"tags.{place}.member.{name.lower()}"
            if tag.get(name) is None:
                yield _sentence(where, "Member must not be null")
                continue
            for problem in rule.problems(tag[name]):
                yield _sentence(where, problem)


def _broken_tag_keys(keys: list[str]) -> Iterator[str]:
    if len(keys) > MAX_TAGS:
        yield _sentence("tagKeys", f"Member must have length less than or equal to {MAX_TAGS}")
    if any(problem for key in keys for problem in TAG_KEY.problems(key)):
        yield _sentence("tagKeys", _EACH_TAG_KEY)


def _refuse_odd(given: Mapping[str, Any]) -> None:
    for name, (pattern, demand) in _SENTENCES.items():
        if name in given and not re.fullmatch(pattern, given[name]):
            raise validation(f"The specified value for {_camel(name)} is invalid. {demand}")


def _sentence(where: str, problem: str) -> str:
    return f"'{where}' failed to satisfy constraint: {problem}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
