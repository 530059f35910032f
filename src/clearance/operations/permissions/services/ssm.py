"""Systems Manager: parameters by name or path, documents, and the nodes they run on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.encryption import key_arn, key_of, via
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    beside,
    member,
    on,
    on_each,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]

_SSM: Final = "ssm.amazonaws.com"


def _arn(ask: Ask, name: str | None) -> str | None:
    """A parameter's ARN: without the leading slash and without ``:version`` or ``:label``."""
    if not name:
        return None
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:6])
    return ask.arn(f"parameter/{name.split(':')[0].lstrip('/')}")


def _parameter(ask: Ask) -> str | None:
    return _arn(ask, ask.text("Name"))


def _parameters(ask: Ask) -> Iterable[str]:
    return (arn for name in ask.texts("Names") if (arn := _arn(ask, name)))


def _path(ask: Ask) -> str | None:
    path = ask.text("Path")
    return path and ask.arn(f"parameter/{path.strip('/')}")


def _put(ask: Ask) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    if isinstance(ask.value("Overwrite"), bool):
        found["ssm:Overwrite"] = "true" if ask.value("Overwrite") else "false"
    if ask.text("Policies"):
        found["ssm:Policies"] = ask.text("Policies") or ""
    return found


def _recursive(ask: Ask) -> Mapping[str, Value]:
    given = ask.value("Recursive")
    return {"ssm:Recursive": "true" if given else "false"} if isinstance(given, bool) else {}


def _decrypting(names: Iterable[str], ask: Ask) -> Iterable[Permission]:
    for arn in names:
        yield from via(ask, "ssm", key_of(ask, arn), "Decrypt", {"PARAMETER_ARN": arn})


def _decrypts(ask: Ask) -> Iterable[Permission]:
    if ask.value("WithDecryption") is True:
        name = _parameter(ask)
        yield from _decrypting([*_parameters(ask), *([name] if name else [])], ask)


def _encrypts(ask: Ask) -> Iterable[Permission]:
    name = _parameter(ask)
    if name is not None and ask.text("Type") == "SecureString":
        key = key_arn(ask, ask.text("KeyId")) or key_of(ask, name)
        action = "GenerateDataKey" if ask.text("Tier") == "Advanced" else "Encrypt"
        yield from via(ask, "ssm", key, action, {"PARAMETER_ARN": name})


def _document_arn(ask: Ask, name: str | None) -> str | None:
    if not name or name.startswith("arn:"):
        return name
    # AWS's own documents belong to no account.
    return ask.arn(f"document/{name}", account="" if name.startswith(("AWS-", "AWS")) else None)


def _document(ask: Ask) -> str | None:
    return _document_arn(ask, ask.text("Name", "DocumentName"))


def _node(ask: Ask, id_: str) -> str:
    if id_.startswith("mi-"):
        return ask.arn(f"managed-instance/{id_}")
    return ask.arn(f"instance/{id_}", service="ec2")


def _sending(ask: Ask) -> Iterable[Permission]:
    """A command is sent with a document to each node that is named."""
    yield one(ask, "SendCommand", _document(ask))
    nodes = list(ask.texts("InstanceIds"))
    for target in ask.items("Targets"):
        if str(target.get("Key")).lower() == "instanceids":
            nodes += [str(value) for value in target.get("Values") or ()]
    if not nodes:
        yield one(ask, "SendCommand", ask.arn("instance/*", service="ec2"))
    for node in dict.fromkeys(nodes):
        yield one(ask, "SendCommand", _node(ask, node))
    if bucket := ask.text("OutputS3BucketName"):
        yield one(ask, "SendCommand", f"arn:{ask.partition}:s3:::{bucket}")


def _starting(ask: Ask) -> Iterable[Permission]:
    target = ask.text("Target")
    yield one(ask, "StartSession", _node(ask, target) if target else None)
    document = ask.text("DocumentName") or "SSM-SessionManagerRunShell"
    yield one(ask, "StartSession", _document_arn(ask, document))


def _session(ask: Ask) -> str | None:
    return ask.named(ask.text("SessionId"), "session/")


def _by(field: str, kind: str) -> Row:
    return on(lambda ask: ask.named((ask.text(field) or "").lstrip("/"), f"{kind}/"))


_TAGGED: Final = {
    "Document": "document",
    "MaintenanceWindow": "maintenancewindow",
    "ManagedInstance": "managed-instance",
    "OpsItem": "opsitem",
    "OpsMetadata": "opsmetadata",
    "Parameter": "parameter",
    "PatchBaseline": "patchbaseline",
    "Automation": "automation-execution",
    "Association": "association",
}


def _tagged(ask: Ask) -> str | None:
    kind, id_ = _TAGGED.get(ask.text("ResourceType") or ""), ask.text("ResourceId")
    if kind is None or id_ is None:
        return None
    return id_ if id_.startswith("arn:") else ask.arn(f"{kind}/{id_.lstrip('/')}")


_PASS: Final = passed(lambda ask: roles_in(ask.given), _SSM)

TABLE: Final[Mapping[str, Row]] = {
    **same("DeleteParameter GetParameterHistory LabelParameterVersion UnlabelParameterVersion",
           on(_parameter)),
    "GetParameter": all_of(on(_parameter), _decrypts),
    "GetParameters": all_of(on_each(_parameters), _decrypts),
    "DeleteParameters": on_each(_parameters),
    "GetParametersByPath": on(_path, _recursive),
    "PutParameter": all_of(
        on(_parameter, _put),
        when(request_tags, beside("ssm:AddTagsToResource", _parameter, tagged=True)),
        _encrypts,
    ),
    **same("CreateDocument DeleteDocument DescribeDocument DescribeDocumentPermission "
           "GetDocument ListDocumentMetadataHistory ListDocumentVersions "
           "ModifyDocumentPermission UpdateDocument UpdateDocumentDefaultVersion "
           "UpdateDocumentMetadata", on(_document, member("ssm:DocumentType", "DocumentType"))),
    **same(
        "DeleteMaintenanceWindow DescribeMaintenanceWindowExecutions "
        "DescribeMaintenanceWindowTargets DescribeMaintenanceWindowTasks GetMaintenanceWindow "
        "GetMaintenanceWindowTask RegisterTargetWithMaintenanceWindow UpdateMaintenanceWindow",
        _by("WindowId", "maintenancewindow"),
    ),
    "RegisterTaskWithMaintenanceWindow": all_of(_by("WindowId", "maintenancewindow"), _PASS),
    "UpdateMaintenanceWindowTask": all_of(
        _by("WindowId", "maintenancewindow"), _by("WindowTaskId", "windowtask"), _PASS
    ),
    "DeregisterTaskFromMaintenanceWindow": all_of(
        _by("WindowId", "maintenancewindow"), _by("WindowTaskId", "windowtask")
    ),
    **same(
        "DeregisterTargetFromMaintenanceWindow UpdateMaintenanceWindowTarget",
        all_of(_by("WindowId", "maintenancewindow"), _by("WindowTargetId", "windowtarget")),
    ),
    **same(
        "DeletePatchBaseline DeregisterPatchBaselineForPatchGroup "
        "DescribeEffectivePatchesForPatchBaseline GetPatchBaseline RegisterDefaultPatchBaseline "
        "RegisterPatchBaselineForPatchGroup UpdatePatchBaseline",
        _by("BaselineId", "patchbaseline"),
    ),
    **same(
        "GetServiceSetting ResetServiceSetting UpdateServiceSetting",
        _by("SettingId", "servicesetting"),
    ),
    "SendCommand": all_of(_sending, _PASS),
    "StartSession": _starting,
    **same("ResumeSession TerminateSession", on(_session)),
    **same("AddTagsToResource RemoveTagsFromResource ListTagsForResource", on(_tagged)),
    "StartAutomationExecution": all_of(
        on(lambda ask: ask.named(ask.text("DocumentName"), "document/")), _PASS
    ),
}  # fmt: skip
