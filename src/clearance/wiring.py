"""The composition root: the only file that chooses real things and reads the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clearance.model.catalog import Catalog
from clearance.model.estate import Estate

if TYPE_CHECKING:
    from clearance.operations.call import Ports
    from clearance.store.events import Retention
    from clearance.store.sources import Deployment
    from clearance.store.sqlite import SqliteStore

__all__ = ["catalog", "load_estate", "now", "open_store", "ports", "save_estate"]


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def catalog() -> Catalog:
    """AWS's actions, resource types and condition keys."""
    from clearance.facts.catalog import load_catalog

    return load_catalog()


def ports(store: SqliteStore) -> Ports:
    """The world as operations see it."""
    from clearance.store.ports import SystemPorts

    return SystemPorts(store, store.sealer)


def open_store(
    folder: Path,
    *,
    recover: bool = False,
    read_only: bool = False,
    retention: Retention | None = None,
) -> SqliteStore:
    """The durable store of a data folder."""
    from clearance.store.sqlite import SqliteStore

    return SqliteStore.open(folder, recover=recover, read_only=read_only, retention=retention)


def load_estate(path: Path, deployment: Deployment | None = None) -> Estate:
    """An estate from an endpoint's data folder, a snapshot, a Terraform plan or a template."""
    from clearance.facts.managed_policies import AwsManaged, with_aws_managed
    from clearance.store import DATABASE_FILE, sources

    if deployment is None and path.is_dir() and (path / DATABASE_FILE).exists():
        store = open_store(path, read_only=True)
        try:
            return with_aws_managed(store.load())
        finally:
            store.close()
    return with_aws_managed(sources.load(path, deployment or sources.Deployment(), AwsManaged()))


def save_estate(estate: Estate, path: Path, *, secrets: bool = False) -> None:
    """Write an estate to a ``.json`` file or a snapshot folder.

    AWS's own managed policies are left out: they exist everywhere.
    """
    from clearance.facts.managed_policies import without_aws_managed
    from clearance.store import snapshot

    estate = without_aws_managed(estate)
    if path.suffix == ".json":
        snapshot.save_file(estate, path, secrets=secrets)
    else:
        snapshot.save_folder(estate, path, secrets=secrets)
