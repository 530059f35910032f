"""Files with the public keys of identity providers, as the command line names them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import jwt

from clearance.model.errors import UsageError
from clearance.operations.sts.web_identity import issuer_of

__all__ = ["jwks_files"]

_LARGEST: Final = 1_000_000
_PUBLIC: Final = frozenset({"RSA", "EC"})  # what a token's signature may be made with
# "MUST NOT be disclosed": the private members of RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1.
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def jwks_files(given: Iterable[str]) -> Mapping[str, Path]:
    """The files by issuer, of ``ISSUER=FILE`` each; a file is read again whenever it is needed.

    Raises:
        UsageError: an issuer without a file, or a file without public keys.
    """
    found: dict[str, Path] = {}
    for text in given:
        issuer, file = _parted(text)
        if issuer in found:
            raise UsageError(f"--jwks names the issuer `{issuer}` twice")
        _check(file)
        found[issuer] = file
    return found


def _parted(text: str) -> tuple[str, Path]:
    issuer, equals, file = text.partition("=")
    name = issuer_of({"iss": issuer.strip()})
    if not (name and equals and file):
        raise UsageError(
            f"`{text}` names no issuer and file; write "
            "--jwks token.actions.githubusercontent.com=FILE"
        )
    if "://" in name:
        raise UsageError(f"`{issuer}` is not the URL of an issuer; it begins with https://")
    return name, Path(file)


def _check(file: Path) -> None:
    """Refuse what could only fail later, when somebody shows a token."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(f"`{file}` does not exist; --jwks takes a JWKS document") from None
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise UsageError(f"`{file}` is larger than a JWKS document can be")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise UsageError(f"`{file}` is not JSON; --jwks takes a JWKS document") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise UsageError(f"`{file}` is not a JWKS document; it has no list of `keys`")
    if any(_PRIVATE & key.keys() for key in keys):
        raise UsageError(f"`{file}` holds a private key; give the issuer's public keys only")
    if not any(_is_usable(key) for key in keys):
        raise UsageError(f"`{file}` holds no RSA or EC public key that can be read")


def _is_usable(key: Mapping[str, Any]) -> bool:
    try:
        return key.get("kty") in _PUBLIC and jwt.PyJWK(dict(key)).key is not None
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return False
