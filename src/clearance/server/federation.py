"""Who shows an identity token: its signature and its claims, held against a registered provider.

Nothing is fetched. The public keys of an OpenID Connect issuer come from where the provider was
registered or from where the endpoint was started:

- tags of the provider, ``clearance:jwks/1``, ``clearance:jwks/2`` …: the JWKS document in
  base64url, cut into pieces of at most 256 characters (`jwks_tags` makes them);
- `Federation.jwks`: files by issuer, for issuers that are not to be written down in an account.

A SAML provider's certificate is in its metadata. Thumbprints are about TLS and play no part.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, OidcProvider, SamlProvider
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.fault import OperationError
from clearance.operations.sts.saml import Assertion, read_assertion
from clearance.operations.sts.web_identity import issuer_of

__all__ = ["FEDERATED", "JWKS_TAG", "Federation", "jwks_tags"]

WEB_IDENTITY: Final = "AssumeRoleWithWebIdentity"
SAML: Final = "AssumeRoleWithSAML"
FEDERATED: Final = frozenset({("sts", WEB_IDENTITY), ("sts", SAML)})

JWKS_TAG: Final = "clearance:jwks/"
_PIECE: Final = 256  # the longest value of a tag
# Asymmetric only: with HS256 whoever knows the public key could sign.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_METHODS: Final = frozenset(
    f"{kind}_SHA{size}" for kind in ("RSA", "ECDSA") for size in (256, 384, 512)
)
_SKEW: Final = timedelta(minutes=5)
_LONGEST: Final = 20_000  # the longest token STS takes
_DAY: Final = 86400
_AUDIENCES: Final = ("urn:amazon:webservices", "https://signin.aws.amazon.com/saml")
_METADATA: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_CERTIFICATE: Final = "{http://www.w3.org/2000/09/xmldsig#}X509Certificate"


def jwks_tags(document: str) -> dict[str, str]:
    """The tags that give a provider its keys.

    >>> list(jwks_tags('{"keys": []}'))
    ['clearance:jwks/1']
    """
    text = base64.urlsafe_b64encode(document.encode()).decode()
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    return {f"{JWKS_TAG}{place}": piece for place, piece in enumerate(pieces, 1)}


@dataclass(frozen=True, slots=True)
class Federation:
    """What the endpoint knows of identity providers beside the estate: JWKS files by issuer."""

    jwks: Mapping[str, Path] = field(default_factory=dict)

    def identify(
        self, estate: Estate, operation: str, given: Mapping[str, Any], now: datetime
    ) -> tuple[Principal, Mapping[str, Any]]:
        """The provider's identity behind a token, and the input with only what was verified.

        Raises:
            OperationError: the token proves nothing, as STS words it.
        """
        role = Arn.find(str(given.get("RoleArn", "")))
        account = estate.account(role.account) if role else None
        if account is None:
            raise OperationError("AccessDenied", f"Not authorized to perform sts:{operation}", 403)
        if operation == SAML:
            return _saml(account, given, now)
        return self._web_identity(account, given, now)

    def _web_identity(
        self, account: Account, given: Mapping[str, Any], now: datetime
    ) -> tuple[Principal, Mapping[str, Any]]:
        token = str(given.get("WebIdentityToken", ""))
        jwt = _library("jwt")
        try:
            header = jwt.get_unverified_header(token) if len(token) <= _LONGEST else {}
            unverified = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            _invalid(
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an"
                " Access Token)"
            )
        issuer = issuer_of(unverified)
        arn = f"arn:{account.partition}:iam::{account.id}:oidc-provider/{issuer}"
        provider = account.oidc_providers.get(arn)
        if provider is None:
            _invalid(f"No OpenIDConnect provider found in your account for https://{issuer}")
        claims = _verified(jwt, token, self._key(jwt, provider, header), now)
        _refuse_claims(claims, provider)
        who = Principal(
            PrincipalKind.WEB_IDENTITY, arn, account.id, account.partition, unique_id=arn
        )
        return who, given

    def _key(self, jwt: Any, provider: OidcProvider, header: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """The provider's key that the token names; without a name only a single key will do."""
        try:
            found = jwt.PyJWKSet.from_json(_document(self.jwks, provider)).keys
        except (jwt.PyJWTError, ValueError, AttributeError, TypeError, OSError):
            found = []
        name = header.get("kid")
        named = [k for k in found if k.key_id == name] if name is not None else found
        if header.get("alg") in _ALGORITHMS and len(named) == 1:
            return named[0]
        return _invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference"
            " AssumeRoleWithWebIdentity documentation for requirements"
        )


def _document(files: Mapping[str, Path], provider: OidcProvider) -> str:
    held = {k: v for k, v in provider.tags.items() if k.startswith(JWKS_TAG)}
    if held:
        pieces = sorted(held, key=lambda key: int(key.removeprefix(JWKS_TAG)))
        text = "".join(held[key] for key in pieces)
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    path = files.get(provider.url) or files.get(f"https://{provider.url}")
    return path.read_text() if path is not None else '{"keys":[]}'


def _verified(jwt: Any, token: str, key: Any, now: datetime) -> Mapping[str, Any]:  # noqa: ANN401
    """The claims of a token whose signature is the key's and whose time is now."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False,
                     "verify_nbf": False, "require": ["exp", "iat", "iss", "sub"]},
        )  # fmt: skip
        expires, issued = float(claims["exp"]), float(claims["iat"])
        earliest = float(claims.get("nbf", issued))
    except jwt.MissingRequiredClaimError as error:
        _invalid(f"Missing a required claim: {error.claim}")
    except (jwt.PyJWTError, ValueError, TypeError):
        _invalid("The signature of the ID Token could not be verified")
    moment, skew = now.timestamp(), _SKEW.total_seconds()
    if moment >= expires:
        raise OperationError(
            "ExpiredTokenException",
            f"Token expired: current date/time {int(moment)} must be before the expiration"
            f" date/time {int(expires)}",
        )
    if moment + skew < max(issued, earliest):
        _invalid("The ID Token is not valid yet")
    # "The token must not be older than 24 hours" (IAM User Guide, id_roles_providers_oidc).
    if moment - issued > _DAY:
        _invalid("Token must not be older than 24 hours")
    return claims


def _refuse_claims(claims: Mapping[str, Any], provider: OidcProvider) -> None:
    """The audience, or the party it was made for, must be a client id of the provider."""
    given = claims.get("azp", claims.get("aud"))
    audiences = given if isinstance(given, list) else [given]
    if not any(isinstance(a, str) and a in provider.client_ids for a in audiences):
        _invalid("Incorrect token audience")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise OperationError("IDPRejectedClaim", "The sub claim of the ID Token is missing", 403)


def _saml(
    account: Account, given: Mapping[str, Any], now: datetime
) -> tuple[Principal, Mapping[str, Any]]:
    arn = str(given.get("PrincipalArn", ""))
    provider = account.saml_providers.get(arn)
    if provider is None:
        _invalid("Specified provider doesn't exist")
    if provider.valid_until <= now:
        raise OperationError("ExpiredTokenException", "The metadata of the provider has expired")
    xml = _signed_assertion(str(given.get("SAMLAssertion", "")), provider)
    text = base64.b64encode(xml).decode()
    assertion = read_assertion(text)
    _refuse_assertion(assertion, provider, f"{given.get('RoleArn')}", arn, now)
    who = Principal(PrincipalKind.SAML_IDENTITY, arn, account.id, account.partition, unique_id=arn)
    return who, {**given, "SAMLAssertion": text}


def _signed_assertion(encoded: str, provider: SamlProvider) -> bytes:
    """The part of a response that the provider's key has signed, and nothing around it."""
    signxml, etree = _library("signxml"), _library("lxml.etree")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        document = base64.b64decode(encoded, validate=False)
        metadata = etree.fromstring(provider.metadata.encode(), parser)
        certificates = _certificates(metadata)
    except (binascii.Error, ValueError, etree.XMLSyntaxError):
        _invalid("Invalid SAML response")
    for certificate in certificates:
        try:
            found = signxml.XMLVerifier().verify(
                document,
                x509_cert=certificate,
                parser=parser,
                validate_schema=False,
                expect_config=_signatures(signxml),
            )
        except (signxml.exceptions.SignXMLException, etree.XMLSyntaxError, ValueError, TypeError):
            continue
        signed = found if isinstance(found, list) else [found]
        if signed[0].signed_xml is not None:
            return bytes(etree.tostring(signed[0].signed_xml))
    return _invalid("Response signature invalid")


def _signatures(signxml: Any) -> Any:  # noqa: ANN401
    """RSA and ECDSA with SHA-2, one signature over one element."""
    known = {m for m in signxml.SignatureMethod if m.name in _METHODS}
    return signxml.SignatureConfiguration(signature_methods=frozenset(known))


def _certificates(metadata: Any) -> list[str]:  # noqa: ANN401
    found = []
    for descriptor in metadata.iter(f"{_METADATA}KeyDescriptor"):
        if descriptor.get("use") in {None, "signing"}:
            for node in descriptor.iter(_CERTIFICATE):
                body = "".join((node.text or "").split())
                lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
                found.append(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    return found


def _refuse_assertion(
    assertion: Assertion, provider: SamlProvider, role: str, arn: str, now: datetime
) -> None:
    etree = _library("lxml.etree")
    entity = etree.fromstring(provider.metadata.encode()).get("entityID")
    if assertion.issuer != entity:
        _invalid("Issuer not present in specified provider")
    if assertion.expires is None or now >= assertion.expires:
        raise OperationError("ExpiredTokenException", "Token must be redeemed within 5 minutes of"
                             " issuance")  # fmt: skip
    if assertion.begins is not None and now + _SKEW < assertion.begins:
        _invalid("Response is not valid yet")
    if not set(assertion.audiences) & {*_AUDIENCES}:
        raise OperationError("IDPRejectedClaim", "The audience of the response is not AWS", 403)
    if [role, arn] not in [sorted(pair, key=lambda x: ":role/" not in x)
                           for pair in assertion.roles]:  # fmt: skip
        _invalid("Role and provider are not among the roles of the response")


def _library(name: str) -> Any:  # noqa: ANN401
    try:
        return import_module(name)
    except ImportError:
        raise OperationError(
            "IDPCommunicationError",
            f"`{name}` is not installed; install the extra `clearance[serve]`",
        ) from None


def _invalid(message: str) -> NoReturn:
    raise OperationError("InvalidIdentityToken", message)
