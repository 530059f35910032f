"""What the types of all outputs are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Effect = Literal["ALLOW", "IMPLICIT_DENY", "EXPLICIT_DENY"]
Layer = Literal[
    "RESOURCE_CONTROL_POLICY",
    "SERVICE_CONTROL_POLICY",
    "VPC_ENDPOINT",
    "RESOURCE",
    "PRINCIPAL",
    "PERMISSIONS_BOUNDARY",
    "SESSION",
]
Answered = Literal["proven", "refuted", "unknown"]
Text = str
Count = Annotated[int, Meta(ge=0)]


class Exact(Struct, forbid_unknown_fields=True, rename="camel"):
    """An object with these members and no others."""


class Plain(Struct, forbid_unknown_fields=True):
    """An object with these members and no others; names are written with underscores."""
