"""Sources: whatever an estate can be read from, told apart by what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearance.model.errors import EstateError, UsageError
from clearance.store import snapshot
from clearance.store.snapshot.node import Node

if TYPE_CHECKING:
    from clearance.model.estate import Estate

__all__ = ["Deployment", "load"]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a plan or a template does not say: on what, where, and with which parameters."""

    on: Estate | None = None
    account: str | None = None
    region: str | None = None
    stack: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


_PLAIN: Final = Deployment()
# A text without these is neither a plan nor a template; large estates are not read twice.
_MARKS: Final = ('"format_version"', '"Resources"', '"AWSTemplateFormatVersion"')


def load(
    path: Path, deployment: Deployment = _PLAIN, managed: Mapping[str, str] | None = None
) -> Estate:
    """The estate in a snapshot, an estate file, a Terraform plan or a CloudFormation template.

    Plans and templates name AWS's managed policies; ``managed`` has their texts by ARN.

    Raises:
        EstateError: the source cannot be read; says file and place.
        UsageError: it is asked for in a way that makes no sense.
    """
    text = None if path.is_dir() else _text(path)
    if text is not None:
        found = _deployed(path, text, deployment, managed)
        if found is not None:
            return found
    if deployment != _PLAIN:
        raise UsageError(
            f"`{path}` is an estate by itself; --on, --account, --region, --stack and --parameter "
            "are for Terraform plans and CloudFormation templates"
        )
    return snapshot.load_estate(path)


def _deployed(
    path: Path, text: str, deployment: Deployment, managed: Mapping[str, str] | None
) -> Estate | None:
    """The estate that a plan or a template will make; None if the text is neither."""
    begins = text.lstrip()[:1]
    if not begins:
        raise EstateError(f"`{path}` is empty")
    if begins not in {"{", "["}:
        return _templated(path, text, deployment, managed)
    if not any(mark in text for mark in _MARKS):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None  # the snapshot's reader says what is wrong
    if not isinstance(value, dict):
        return None
    if "format_version" in value:
        return _planned(Node(value, path), deployment, managed)
    if "Resources" in value or "AWSTemplateFormatVersion" in value:
        return _templated(path, text, deployment, managed)
    return None


def _templated(
    path: Path, text: str, deployment: Deployment, managed: Mapping[str, str] | None
) -> Estate:
    from clearance.store import cloudformation  # noqa: PLC0415 - slow to import, seldom wanted

    return cloudformation.load_template(
        cloudformation.read_template(text, path),
        deployment.on,
        account=deployment.account,
        region=deployment.region,
        stack=deployment.stack,
        parameters=deployment.parameters,
        managed=managed,
    )


def _planned(node: Node, deployment: Deployment, managed: Mapping[str, str] | None) -> Estate:
    from clearance.store import terraform  # noqa: PLC0415 - slow to import, seldom wanted

    if deployment.stack is not None or deployment.parameters:
        raise UsageError(
            f"`{node.file}` is a Terraform plan: its variables are set when it is made; --stack "
            "and --parameter are for CloudFormation templates"
        )
    return terraform.load_plan(
        node,
        deployment.on,
        account=deployment.account,
        region=deployment.region,
        managed=managed,
    )


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise EstateError(f"`{path}` does not exist") from error
    except OSError as error:
        raise EstateError(f"`{path}` cannot be read: {error.strerror}") from error
    try:
        # What PowerShell's `>` writes is UTF-16.
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        raise EstateError(f"`{path}` is no text (byte {error.start})") from error
    return text.removeprefix("\ufeff")
