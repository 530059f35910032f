"""Collect an estate from AWS: read-only calls, written as a snapshot folder."""

from clearance.store.collect.aws import Aws, LiveAws
from clearance.store.collect.policy import least_privilege
from clearance.store.collect.run import Wanted, collect

__all__ = ["Aws", "LiveAws", "Wanted", "collect", "least_privilege"]
