"""Partitions, Regions, and the ARNs that a service's resources can have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from clearance.model.catalog import Catalog
from clearance.prove.globs import intersects

__all__ = ["PARTITIONS", "REGIONS", "Shape", "is_region", "shapes", "with_stars"]

_COMMERCIAL: Final = """
af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2
eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1
us-east-1 us-east-2 us-west-1 us-west-2
"""
REGIONS: Final = {
    "aws": frozenset(_COMMERCIAL.split()),
    "aws-cn": frozenset({"cn-north-1", "cn-northwest-1"}),
    "aws-us-gov": frozenset({"us-gov-east-1", "us-gov-west-1"}),
    "aws-iso": frozenset({"us-iso-east-1", "us-iso-west-1"}),
    "aws-iso-b": frozenset({"us-isob-east-1", "us-isob-west-1"}),
    "aws-iso-e": frozenset({"eu-isoe-west-1"}),
    "aws-iso-f": frozenset({"us-isof-east-1", "us-isof-south-1"}),
    "aws-eusc": frozenset({"eusc-de-east-1"}),
}
PARTITIONS: Final = tuple(REGIONS)
_ALL: Final = frozenset().union(*REGIONS.values())
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
PARTS: Final = 6


def is_region(text: str) -> bool:
    """True for a Region, or a pattern that some Region fits."""
    if "*" in text or "?" in text:
        return any(intersects(text, region) for region in _ALL)
    return text in _ALL


@dataclass(frozen=True, slots=True)
class Shape:
    """One ARN template as patterns: a variable has become ``*``."""

    template: str
    service: str
    region: str
    account: str
    resource: str


# ARNs in use that the service's own list leaves out.
_UNLISTED: Final = {
    "cloudformation": (Shape("transform", "cloudformation", "*", "*", "transform/*"),)
}


@lru_cache(maxsize=2048)
def _of(catalog: Catalog, prefix: str) -> tuple[Shape, ...]:
    shapes: list[Shape] = []
    service = catalog.service(prefix)
    for kind in service.resource_types.values() if service else ():
        for template in kind.arn.split(","):
            parts = template.strip().split(":", PARTS - 1)
            if len(parts) == PARTS:
                shapes.append(
                    Shape(
                        template.strip(),
                        with_stars(parts[2]),
                        with_stars(parts[3]),
                        with_stars(parts[4]),
                        with_stars(parts[5]),
                    )
                )
    return tuple(shapes)


def with_stars(text: str) -> str:
    """A text with ``*`` for each variable in it."""
    return _VARIABLE.sub("*", text)


# Parts of ARNs that several services share although none has them in its list of resources.
_ELSEWHERE: Final = frozenset({"execute-api"})
# Services in whose list some ARNs of another service stand; others are looked for in all.
_OWNERS: Final = {
    "elasticloadbalancing": ("wafv2", "arc-zonal-shift"),
    "opensearch": ("es",),
    "s3-object-lambda": ("s3",),
    "catalog": ("servicecatalog",),
    "iam": ("ec2", "es", "sts"),
    "eks": ("eks-auth",),
    "wisdom": ("connect",),
    "app-integrations": ("connect",),
}


@lru_cache(maxsize=4096)
def shapes(catalog: Catalog, service: str) -> tuple[Shape, ...] | None:
    """The ARNs under a service name; None when no service has such ARNs."""
    own = tuple(s for s in _of(catalog, service) if intersects(s.service, service))
    others = tuple(
        shape
        for prefix in (
            _OWNERS.get(service, catalog.prefixes) if not own else _OWNERS.get(service, ())
        )
        for shape in _of(catalog, prefix)
        if shape.service == service
    )
    if own or others:
        return own + others + _UNLISTED.get(service, ())
    return () if catalog.service(service) is not None or service in _ELSEWHERE else None
