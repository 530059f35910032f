"""Layers: publish, look at and delete their versions (R218)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from clearance.model.estate import Account, Estate
from clearance.model.layer import Layer, LayerVersion
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Choices, Number, Rule, Text, check
from clearance.operations.lambda_.configuration import timestamp
from clearance.operations.lambda_.faults import VALIDATION, invalid, missing
from clearance.operations.lambda_.package import code_of, location
from clearance.operations.lambda_.runtimes import RUNTIMES
from clearance.operations.pages import page

__all__ = [
    "OPERATIONS",
    "FoundVersion",
    "find_version",
    "refuse_missing_layers",
    "version_found",
    "with_version",
]

_NAME: Final = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,140})(?::(?P<version>[0-9]+))?",
    re.ASCII,
)
_RULES: Final[dict[str, Rule]] = {
    "LayerName": Text(1, 2048, r"(arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:layer:)?[\w-]{1,140}"),
    "Description": Text(0, 256),
    "LicenseInfo": Text(0, 512),
    "CompatibleRuntimes": Choices(RUNTIMES, 15),
    "CompatibleArchitectures": Choices(("x86_64", "arm64"), 2),
    "CompatibleArchitecture": Choice(("x86_64", "arm64")),
    "MaxItems": Number(1, 50),
}
_NOT_THERE: Final = "The resource you requested does not exist."


@dataclass(frozen=True, slots=True)
class FoundVersion:
    """One version of a layer and whose it is."""

    account: Account
    layer: Layer
    version: LayerVersion

    @property
    def arn(self) -> str:
        """The version's ARN."""
        number = str(self.version.number)
        return self.layer.arn(self.account.id, number, self.account.partition)


def publish_layer_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A new version; the layer appears with its first one."""
    check(given, _RULES, VALIDATION, required=("LayerName", "Content"))
    account_id, region, name = _place(given["LayerName"], call)
    if account_id != call.account:
        raise missing(_NOT_THERE)
    if region != call.region:
        raise invalid(f"Layers are expected to be in region {call.region}.")
    package = code_of(given["Content"], call.ports)
    account = estate.accounts[call.account]
    layer = account.layers.get(f"{region}/{name}") or Layer(name, region)
    version = LayerVersion(
        number=max(map(int, layer.versions), default=0) + 1,
        created=call.now,
        code=package.code,
        code_size=package.size,
        code_sha256=package.sha256,
        description=given.get("Description") or "",
        runtimes=tuple(given.get("CompatibleRuntimes") or ()),
        architectures=tuple(given.get("CompatibleArchitectures") or ()),
        license=given.get("LicenseInfo"),
    )
    made = FoundVersion(account, layer, version)
    return with_version(estate, made, version), _whole(made)


def get_layer_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One version, with a link to its content."""
    check(given, _RULES, VALIDATION, required=("LayerName", "VersionNumber"))
    return estate, _whole(version_found(estate, call, given, _NOT_THERE))


def get_layer_version_by_arn(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The same, by the version's ARN."""
    check(given, {}, VALIDATION, required=("Arn",))
    found = find_version(estate, given["Arn"])
    if found is None or found.version.deleted or found.layer.region != call.region:
        raise missing(_NOT_THERE)
    return estate, _whole(found)


def list_layers(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The account's layers, each with its latest version that fits."""
    check(given, _RULES, VALIDATION)
    account = estate.accounts[call.account]
    entries = []
    for layer in account.layers.values():
        fitting = [v for v in layer.versions.values() if _fits(v, given)]
        if layer.region == call.region and fitting:
            entries.append((layer, max(fitting, key=lambda v: v.number)))
    sent, marker = _paged(entries, lambda entry: entry[0].name, given)
    answer: dict[str, Any] = {
        "Layers": [
            {
                "LayerName": layer.name,
                "LayerArn": layer.arn(account.id, partition=account.partition),
                "LatestMatchingVersion": _shown(FoundVersion(account, layer, version)),
            }
            for layer, version in sent
        ]
    }
    return estate, {**answer, **marker}


def list_layer_versions(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The versions of a layer, latest first; none for a layer that is not there."""
    check(given, _RULES, VALIDATION, required=("LayerName",))
    account_id, region, name = _place(given["LayerName"], call)
    account = estate.account(account_id)
    layer = account.layers.get(f"{region}/{name}") if account else None
    if account is None or layer is None:
        return estate, {"LayerVersions": []}
    found = [v for v in layer.versions.values() if _fits(v, given)]
    sent, marker = _paged(found, lambda v: f"{10**12 - v.number:012d}", given)
    answer: dict[str, Any] = {
        "LayerVersions": [_shown(FoundVersion(account, layer, version)) for version in sent]
    }
    return estate, {**answer, **marker}


def delete_layer_version(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take a version away; one that is not there is no error.

    "you can no longer view or add it to functions … existing functions still have access"
    (Lambda Developer Guide, Deleting a layer version)
    """
    check(given, _RULES, VALIDATION, required=("LayerName", "VersionNumber"))
    account_id, region, name = _place(given["LayerName"], call)
    account = estate.account(account_id)
    layer = account.layers.get(f"{region}/{name}") if account else None
    version = layer.versions.get(str(given["VersionNumber"])) if layer else None
    if account is None or layer is None or version is None:
        return estate, {}
    gone = replace(version, deleted=True, policy=None)
    return with_version(estate, FoundVersion(account, layer, version), gone), {}


def find_version(estate: Estate, arn: str) -> FoundVersion | None:
    """The version with this ARN, deleted or not."""
    parts = _NAME.fullmatch(arn)
    if parts is None or not parts["account"] or not parts["version"]:
        return None
    account = estate.account(parts["account"])
    layer = account.layers.get(f"{parts['region']}/{parts['name']}") if account else None
    version = layer.versions.get(parts["version"]) if layer else None
    return FoundVersion(account, layer, version) if account and layer and version else None


def version_found(estate: Estate, call: Call, given: Input, refusal: str) -> FoundVersion:
    """The version that LayerName and VersionNumber mean, or ResourceNotFoundException."""
    account_id, region, name = _place(given["LayerName"], call)
    account = estate.account(account_id)
    layer = account.layers.get(f"{region}/{name}") if account else None
    version = layer.versions.get(str(given["VersionNumber"])) if layer else None
    if account is None or layer is None or version is None or version.deleted:
        number = given["VersionNumber"]
        arn = Layer(name, region).arn(
            account_id, str(number), account.partition if account else "aws"
        )
        raise missing(refusal.format(arn=arn))
    return FoundVersion(account, layer, version)


def refuse_missing_layers(
    estate: Estate, arns: tuple[str, ...], present: tuple[str, ...], region: str
) -> None:
    """Refuse layers that a function cannot have; those it has already may be deleted ones.

    That a layer of another account may be used was decided before: it is a permission (R202).
    """
    for arn in arns:
        if arn in present:
            continue
        parts = _NAME.fullmatch(arn)
        if parts is not None and parts["region"] not in {None, region}:
            raise invalid(
                f"Layers are not in the same region as the function. Layers are expected to be in"
                f" region {region}."
            )
        found = find_version(estate, arn)
        if found is None or found.version.deleted:
            raise invalid(f"Layer version {arn} does not exist.")


def with_version(estate: Estate, found: FoundVersion, version: LayerVersion) -> Estate:
    """The estate with this version added or replaced."""
    versions = {**found.layer.versions, str(version.number): version}
    layer = replace(found.layer, versions=versions)
    layers = {**found.account.layers, layer.key: layer}
    return estate.with_account(replace(found.account, layers=layers))


def _place(text: str, call: Call) -> tuple[str, str, str]:
    parts = _NAME.fullmatch(text)
    if parts is None or parts["version"]:
        raise invalid(f"{text} is not the name or the ARN of a layer.")
    return parts["account"] or call.account, parts["region"] or call.region, parts["name"]


def _fits(version: LayerVersion, given: Input) -> bool:
    runtime, architecture = given.get("CompatibleRuntime"), given.get("CompatibleArchitecture")
    return (
        not version.deleted
        and (runtime is None or runtime in version.runtimes)
        and (architecture is None or architecture in version.architectures)
    )


def _paged(items: Any, key: Any, given: Input) -> tuple[list[Any], Output]:  # noqa: ANN401
    sent, marker = page(
        items,
        key,
        token=given.get("Marker"),
        size=given.get("MaxItems") or 50,
        refusal=invalid("The provided marker is not valid."),
    )
    return sent, {"NextMarker": marker} if marker else {}


def _shown(found: FoundVersion) -> dict[str, Any]:
    version = found.version
    answer: dict[str, Any] = {
        "LayerVersionArn": found.arn,
        "Version": version.number,
        "Description": version.description,
        "CreatedDate": timestamp(version.created),
    }
    if version.runtimes:
        answer["CompatibleRuntimes"] = list(version.runtimes)
    if version.architectures:
        answer["CompatibleArchitectures"] = list(version.architectures)
    if version.license is not None:
        answer["LicenseInfo"] = version.license
    return answer


def _whole(found: FoundVersion) -> Output:
    version = found.version
    return {
        **_shown(found),
        "LayerArn": found.layer.arn(found.account.id, partition=found.account.partition),
        "Content": {
            "Location": location(version.code),
            "CodeSha256": version.code_sha256,
            "CodeSize": version.code_size,
        },
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteLayerVersion": delete_layer_version,
    "GetLayerVersion": get_layer_version,
    "GetLayerVersionByArn": get_layer_version_by_arn,
    "ListLayerVersions": list_layer_versions,
    "ListLayers": list_layers,
    "PublishLayerVersion": publish_layer_version,
}
