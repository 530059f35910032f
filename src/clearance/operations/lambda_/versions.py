"""Versions: publish and list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import FunctionConfiguration
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Number, Rule, Text, check
from clearance.operations.lambda_.configuration import shown
from clearance.operations.lambda_.faults import VALIDATION, invalid, stale
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.resolve import LATEST, ResolvedFunction, changed, found
from clearance.operations.pages import page

__all__ = ["OPERATIONS", "publish"]

_RULES: Final[dict[str, Rule]] = {"Description": Text(0, 256)}
_PAGE: Final[dict[str, Rule]] = {"MaxItems": Number(1, 10000)}
_PAGE_SIZE: Final = 50


def publish(what: ResolvedFunction, call: Call, description: str | None = None) -> ResolvedFunction:
    """The function with its unpublished version published, and that version.

    "Lambda doesn't publish a version if the function's configuration and code haven't changed
    since the last version" (API_PublishVersion).
    """
    function = what.function
    number = str(function.next_version)
    last = function.versions.get(str(function.next_version - 1))
    if last is not None and _same(last, function.latest):
        return replace(what, configuration=last)
    version = replace(
        function.latest,
        version=number,
        revision_id=call.ports.uuid(),
        description=function.latest.description if description is None else description,
    )
    after = replace(
        function,
        versions={**function.versions, number: version},
        next_version=function.next_version + 1,
    )
    return replace(what, function=after, configuration=version)


def publish_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Publish a version of what is unpublished."""
    check(given, _RULES, VALIDATION)
    what = _function(estate, call, given)
    latest = what.function.latest
    if given.get("RevisionId") not in {None, latest.revision_id}:
        raise stale()
    sha = given.get("CodeSha256")
    if sha and sha != latest.code_sha256:
        raise invalid(
            f"CodeSHA256 ({sha}) is different from current CodeSHA256 in $LATEST"
            f" ({latest.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    after = publish(what, call, given.get("Description"))
    return changed(estate, after.account, after.function), shown(
        after, qualifier=after.configuration.version
    )


def list_versions_by_function(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The unpublished version and all published ones, in order."""
    check(given, _PAGE, VALIDATION)
    what = _function(estate, call, given)
    sent, marker = page(
        (what.function.latest, *what.function.versions.values()),
        _order,
        token=given.get("Marker"),
        size=min(given.get("MaxItems") or _PAGE_SIZE, _PAGE_SIZE),
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {
        "Versions": [shown(what, version, qualifier=version.version) for version in sent]
    }
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def _function(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    return found(estate, replace(name, qualifier=""))


def _order(configuration: FunctionConfiguration) -> str:
    return "" if configuration.version == LATEST else configuration.version.zfill(12)


def _same(version: FunctionConfiguration, latest: FunctionConfiguration) -> bool:
    return version == replace(
        latest,
        version=version.version,
        revision_id=version.revision_id,
        modified=version.modified,
        description=version.description,
    )


OPERATIONS: Final[Mapping[str, Operation]] = {
    "ListVersionsByFunction": list_versions_by_function,
    "PublishVersion": publish_version,
}
