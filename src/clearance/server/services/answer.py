"""A call to another service: decided on our estate, operated by moto, its change kept by us."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Services:
    """The other services of one endpoint."""
