"""AssumeRoleWithSAML: an identity in a SAML assertion becomes a role session."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Final
from xml.etree import ElementTree as ET  # the assertion was verified, and has no DTD

from clearance.model.estate import Estate
from clearance.model.principal import PrincipalKind, Session
from clearance.operations.call import Call, Input, Output
from clearance.operations.constraints import Number, Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.sts.assume_role import NAME, find_role, seconds_of, session_of
from clearance.operations.sts.credentials import issue
from clearance.operations.sts.passed import INVALID, passed_by

__all__ = ["Assertion", "assume_role_with_saml", "name_qualifier", "read_assertion"]

_SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_AWS: Final = "https://aws.amazon.com/SAML/Attributes/"
_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_RULES: Final[dict[str, Rule]] = {
    "RoleArn": Text(20, 2048),
    "PrincipalArn": Text(20, 2048),
    "SAMLAssertion": Text(4, 100000),
    "DurationSeconds": Number(900, 43200),
}


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a SAML assertion says; ``attributes`` by their names, ``roles`` as pairs of ARNs."""

    issuer: str
    subject: str
    subject_type: str
    recipient: str
    begins: datetime | None
    expires: datetime | None
    audiences: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[tuple[str, ...], ...]:
        """The pairs of role and provider it is good for."""
        found = self.attributes.get(f"{_AWS}Role", ())
        return tuple(tuple(part.strip() for part in pair.split(",")) for pair in found)

    @property
    def session_name(self) -> str | None:
        """The name of the session."""
        return next(iter(self.attributes.get(f"{_AWS}RoleSessionName", ())), None)

    @property
    def session_seconds(self) -> int | None:
        """How long a session lasts; the provider may ask for less than the role allows."""
        found = next(iter(self.attributes.get(f"{_AWS}SessionDuration", ())), "")
        return int(found) if found.isdecimal() else None

    @property
    def source_identity(self) -> str | None:
        """The source identity it sets."""
        return next(iter(self.attributes.get(f"{_AWS}SourceIdentity", ())), None)

    @property
    def tags(self) -> Mapping[str, str]:
        """The session tags it passes."""
        prefix = f"{_AWS}PrincipalTag:"
        return {
            name.removeprefix(prefix): values[0]
            for name, values in self.attributes.items()
            if name.startswith(prefix) and values
        }

    @property
    def transitive(self) -> tuple[str, ...]:
        """The keys of tags that stay when a role is assumed from the session."""
        return self.attributes.get(f"{_AWS}TransitiveTagKeys", ())


def assume_role_with_saml(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Open a session of a role for the subject of an assertion.

    The caller is the assertion's provider: whoever made it one has verified the assertion.
    """
    check(given, _RULES, INVALID, required=("RoleArn", "PrincipalArn", "SAMLAssertion"))
    if call.principal.kind is not PrincipalKind.SAML_IDENTITY:
        raise OperationError("InvalidIdentityToken", "The SAML assertion was not verified")
    found = find_role(estate, given["RoleArn"])
    if found is None:
        raise OperationError(
            "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403
        )
    account, role = found
    assertion = read_assertion(given["SAMLAssertion"])
    name = assertion.session_name
    check({"RoleSessionName": name}, {"RoleSessionName": NAME}, INVALID,
          required=("RoleSessionName",))  # fmt: skip
    # "the DurationSeconds value, or until the time specified in the SAML authentication response's
    # SessionNotOnOrAfter value, whichever is shorter": a SessionDuration in it is taken alike.
    asked = [s for s in (given.get("DurationSeconds"), assertion.session_seconds) if s]
    seconds = seconds_of(min(asked, default=None), role, chained=False)
    tags = [{"Key": key, "Value": value} for key, value in assertion.tags.items()]
    more = {"Tags": tags, "TransitiveTagKeys": list(assertion.transitive)}
    passed = passed_by(estate, account, {**given, **more})
    expires = call.now.replace(microsecond=0) + timedelta(seconds=seconds)
    session = Session(
        policies=passed.policies,
        policy_arns=passed.policy_arns,
        tags=passed.tags,
        transitive_tags=passed.transitive,
        issued=call.now,
        expires=expires,
        source_identity=assertion.source_identity,
        mfa=False,
        provider=call.principal.arn,
    )
    principal = session_of(account, role, name or "", session)
    output: dict[str, object] = {
        "Credentials": issue(principal, expires, call.ports).output,
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": name_qualifier(assertion.issuer, account.id, given["PrincipalArn"]),
    }
    if passed.size is not None:
        output["PackedPolicySize"] = passed.size
    if assertion.source_identity is not None:
        output["SourceIdentity"] = assertion.source_identity
    return estate, output


def name_qualifier(issuer: str, account: str, provider: str) -> str:
    """What tells subjects of the same name apart (``saml:namequalifier``).

    "BASE64 ( SHA1 ( "https://example.com/saml" + "123456789012" + "/MySAMLIdP" ) )"
    (API_AssumeRoleWithSAML, STS)
    """
    name = provider.partition(":saml-provider/")[2]
    digest = sha1(f"{issuer}{account}/{name}".encode(), usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode()


def read_assertion(encoded: str) -> Assertion:
    """What the first assertion in a base64 text says; the signature is checked elsewhere.

    Raises:
        OperationError: it is no assertion.
    """
    try:
        text = base64.b64decode(encoded)
        if b"<!" in text:
            raise _unreadable()
        root = ET.fromstring(text)  # noqa: S314 (no DTD, see above)
    except (binascii.Error, ValueError, ET.ParseError):
        raise _unreadable() from None
    found = root if root.tag == f"{_SAML}Assertion" else root.find(f".//{_SAML}Assertion")
    if found is None:
        raise _unreadable()
    name = found.find(f"{_SAML}Subject/{_SAML}NameID")
    bearer = found.find(f"{_SAML}Subject/{_SAML}SubjectConfirmation/{_SAML}SubjectConfirmationData")
    conditions = found.find(f"{_SAML}Conditions")
    limits = [_moment(part, "NotOnOrAfter") for part in (conditions, bearer)]
    kind = "" if name is None else name.get("Format", "")
    return Assertion(
        issuer=_text(found.find(f"{_SAML}Issuer")),
        subject=_text(name),
        # "If the format includes the prefix urn:oasis:names:tc:SAML:2.0:nameid-format, that prefix
        # is removed" (API_AssumeRoleWithSAML, STS)
        subject_type=kind.removeprefix(_FORMAT),
        recipient="" if bearer is None else bearer.get("Recipient", ""),
        begins=_moment(conditions, "NotBefore"),
        expires=min((limit for limit in limits if limit is not None), default=None),
        audiences=tuple(_text(node) for node in found.iter(f"{_SAML}Audience")),
        attributes=dict(_attributes(found)),
    )


def _attributes(assertion: ET.Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in assertion.iter(f"{_SAML}Attribute"):
        values = tuple(_text(value) for value in node.findall(f"{_SAML}AttributeValue"))
        yield node.get("Name", ""), values


def _text(node: ET.Element | None) -> str:
    return (node.text or "").strip() if node is not None else ""


def _moment(node: ET.Element | None, name: str) -> datetime | None:
    text = node.get(name) if node is not None else None
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise _unreadable() from None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _unreadable() -> OperationError:
    return OperationError("InvalidIdentityToken", "Invalid SAML response")
