"""IAM Access Analyzer's checks of policies, answered here (R240-R248)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from clearance.model.catalog import Catalog
from clearance.operations.accessanalyzer.checks import (
    check_access_not_granted,
    check_no_new_access,
    check_no_public_access,
)
from clearance.operations.accessanalyzer.validate_policy import validate_policy
from clearance.operations.call import Input, Output

__all__ = ["OPERATIONS", "Analysis"]

# They look at no estate and change none: what is asked holds everything.
Analysis: TypeAlias = Callable[[Input, Catalog], Output]

OPERATIONS: Final[Mapping[str, Analysis]] = {
    "CheckAccessNotGranted": check_access_not_granted,
    "CheckNoNewAccess": check_no_new_access,
    "CheckNoPublicAccess": check_no_public_access,
    "ValidatePolicy": validate_policy,
}
