"""The services that are not our own: moto behind the gate, its resources mirrored in the estate."""

from clearance.server.services.address import path_style
from clearance.server.services.answer import Services

__all__ = ["Services", "path_style"]
