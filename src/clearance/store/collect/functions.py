"""Lambda: every function with its versions, aliases, URLs and policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clearance.store.collect.reading import Files, Part, Reading

__all__ = ["PARTS"]

NOT_THERE: Final = "ResourceNotFoundException"


def _functions(reading: Reading) -> Files:
    listed = reading.call("lambda", "ListFunctions").get("Functions", ())
    names = {f"functions/{reading.region}.{f['FunctionName']}.json": f for f in listed}
    wanted = {file: f for file, f in names.items() if not reading.kept(file)}
    batch = max(1, reading.workers) * 4
    files = list(wanted)
    # In batches, so that what was read is on disk before the next is asked for.
    for start in range(0, len(files), batch):
        some = files[start : start + batch]
        answers = reading.each(lambda file: _function(reading, wanted[file]), some)
        yield from zip(some, answers, strict=True)
    yield "functions/", None


def _function(reading: Reading, listed: Mapping[str, Any]) -> dict[str, Any]:
    name, arn = listed["FunctionName"], listed["FunctionArn"]

    def ask(operation: str, **given: str) -> dict[str, Any]:
        given = given or {"FunctionName": name}
        return reading.attempt(
            "lambda", operation, f"{operation} of {arn}", none=NOT_THERE, **given
        )

    about = ask("GetFunction") or {"Configuration": dict(listed)}
    about.pop("Code", None)  # a link to the code, signed by us
    # GetFunction hides the tags from who may not ListTags, and does not say so.
    about["Tags"] = ask("ListTags", Resource=arn).get("Tags", {})
    versions, aliases = ask("ListVersionsByFunction"), ask("ListAliases")
    qualifiers = [
        "",
        *(v["Version"] for v in versions.get("Versions", ()) if v["Version"] != "$LATEST"),
        *(a["Name"] for a in aliases.get("Aliases", ())),
    ]
    policies = {
        qualifier: ask(
            "GetPolicy", FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})
        )
        for qualifier in qualifiers
    }
    return {
        "get-function": about,
        "list-versions-by-function": versions,
        "list-aliases": aliases,
        "get-policy": {qualifier: policy for qualifier, policy in policies.items() if policy},
        "list-function-url-configs": ask("ListFunctionUrlConfigs"),
        "list-function-event-invoke-configs": ask("ListFunctionEventInvokeConfigs"),
    }


PARTS: Final = (Part("functions", _functions, regional=True),)
