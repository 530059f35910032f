"""clearance validate: what is wrong with policies, where, and how to write it instead."""

from __future__ import annotations

import codecs
import shutil
import sys
import tomllib
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import completing, inputs, output
from clearance.cli.inputs import read_text
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.cli.policy_files import PolicyFile
    from clearance.cli.validate_output import Hit
    from clearance.model.policy import PolicyType
    from clearance.validate import Finding
    from clearance.validate.discover import Policy
    from clearance.validate.finding import Place
    from clearance.validate.suppress import Settings, Suppression

__all__ = ["Format", "findings_in", "validate"]

CONFIG: Final = ".clearance.toml"
FOUND: Final = 1


class Format(Enum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def validate(
    paths: list[Path] = typer.Argument(help="Policy files, templates, plans, or folders of them."),
    kind: str = typer.Option(
        "auto",
        "--type",
        help="identity, resource, trust, scp, rcp, boundary, session, vpc-endpoint or auto.",
        autocompletion=completing.policy_types,
    ),
    resource_type: str | None = typer.Option(
        None, help="What a resource-based policy hangs on, e.g. `AWS::S3::Bucket`."
    ),
    output_format: Format = typer.Option(Format.TEXT, "--format", help="How to print."),
    fix: bool = typer.Option(False, "--fix", help="Write the fixes that are mechanical."),
    fail_on: str | None = typer.Option(
        None,
        help="Exit with 1 from this type on: error, security_warning, warning, suggestion."
        "  [default: error]",
    ),
    config: Path | None = typer.Option(
        None, help=f"Settings and suppressions; `{CONFIG}` here is read without asking."
    ),
) -> None:
    """Check policies with the issue codes of IAM Access Analyzer.

    Offline; no policy leaves this machine.

    Exit code: 0 nothing at or above --fail-on, 1 findings, 2 bad input.

    Example: clearance validate policies/ --fail-on warning
    """
    from clearance.cli.policy_files import files_in, open_file
    from clearance.validate.suppress import KINDS, finding_type

    inputs.one_of(kind, ("auto", *KINDS), "type of policy")
    held = _settings(config)
    limit = finding_type(fail_on or (held.fail_on.value if held.fail_on else "error"))
    files = []
    for path, named in files_in(paths, held.exclude):
        said = held.typed(path.as_posix())
        wanted = KINDS.get(kind) or (said.kind if said else None)
        resource = resource_type or (said.resource if said else None)
        found = open_file(path, named=named, kind=wanted, resource=resource)
        if found is not None:
            files.append(found)
    used: set[int] = set()
    hits = [hit for file in files for hit in _hits(_fixed(file, wanted_fix=fix), held, used)]
    unused = [s for place, s in enumerate(held.suppressions) if place not in used]
    _print(output_format, files, hits, unused)
    worst = min((hit.finding.type.rank for hit in hits if hit.reason is None), default=99)
    raise typer.Exit(FOUND if worst <= limit.rank else 0)


def _settings(config: Path | None) -> Settings:
    from clearance.validate.suppress import settings

    path = config or Path(CONFIG)
    if config is None and not path.exists():
        return settings({})
    try:
        table = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"`{path}` is not TOML: {error}") from None
    try:
        return settings(table.get("validate", {}))
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def findings_in(file: PolicyFile) -> list[Finding]:
    """Everything about the policies of a file, with places in the file's own text."""
    from clearance import wiring
    from clearance.validate.validator import syntax, validate_node

    catalog = wiring.catalog()
    found = list(syntax(file.text, file.faults))
    for policy in file.policies:
        text = policy.inner if policy.inner is not None else file.text
        prefix = () if policy.inner is not None else policy.path
        hits = validate_node(
            text,
            policy.node,
            policy.kind,
            catalog=catalog,
            resource=policy.resource,
            prefix=prefix,
        )
        if policy.inner is not None:
            hits = tuple(_outer(hit, policy) for hit in hits)
        found += [hit.without_fix() for hit in hits] if file.yaml else hits
    return sorted(found, key=lambda f: (f.place.start, f.type.rank))


def _outer(finding: Finding, policy: Policy) -> Finding:
    """A finding inside a text that itself stands in a JSON string."""

    def moved(place: Place) -> Place:
        offsets = policy.offsets
        start = offsets[min(place.start, len(offsets) - 1)]
        end = offsets[min(max(place.end - 1, 0), len(offsets) - 1)] + 1
        return replace(place, path=(*policy.path, *place.path), start=start, end=max(start, end))

    others = tuple(moved(place) for place in finding.others)
    return replace(finding, place=moved(finding.place), others=others, fix=None)


def _fixed(file: PolicyFile, *, wanted_fix: bool) -> PolicyFile:
    """The file after its fixes were written; a fix may make room for the next."""
    from clearance.cli.policy_files import open_file
    from clearance.validate import fixed

    if not wanted_fix or file.yaml:
        return file
    for _ in range(5):
        text, done = fixed(file.text, findings_in(file))
        if not done:
            break
        _write(file.path, text)
        for finding in done:
            says = finding.fix.says if finding.fix else ""
            where = finding.place.text or "the text"
            sys.stderr.write(f"fixed: {file.name}: {finding.code} at {where}: {says}\n")
        first = file.policies[0] if file.policies else None
        kind: PolicyType | None = first.kind if first and not first.path else None
        resource = first.resource if first and not first.path else None
        again = open_file(file.path, named=True, kind=kind, resource=resource)
        if again is None:
            break
        file = again
    return file


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, with the line ends it had."""
    raw = path.read_bytes()
    if b"\r\n" in raw:
        text = text.replace("\n", "\r\n")
    mark = raw[: len(codecs.BOM_UTF8)] if raw.startswith(codecs.BOM_UTF8) else b""
    fresh = path.with_name(f"{path.name}.clearance")
    fresh.write_bytes(mark + text.encode())
    shutil.copymode(path, fresh)
    fresh.replace(path)


def _hits(file: PolicyFile, held: Settings, used: set[int]) -> list[Hit]:
    from clearance.cli.validate_output import Hit
    from clearance.validate.report import Lines

    lines = Lines.of(file.text)
    hits = []
    for finding in findings_in(file):
        reason = None
        for place, suppression in enumerate(held.suppressions):
            if suppression.covers(file.name, finding):
                used.add(place)
                reason = reason or suppression.reason
        hits.append(Hit(file.name, file.text, lines, finding, reason))
    return hits


def _print(
    how: Format, files: list[PolicyFile], hits: list[Hit], unused: list[Suppression]
) -> None:
    from clearance.cli import validate_output as shown
    from clearance.validate.report import finding_json, sarif

    reported = [hit for hit in hits if hit.reason is None]
    if how is Format.SARIF:
        from importlib.metadata import version

        results = ((hit.file, hit.lines, hit.finding, hit.reason) for hit in hits)
        output.print_json(sarif(results, version=version("clearance")))
    elif how is Format.JSON:
        output.print_json(
            {
                "findings": [
                    {
                        "file": h.file,
                        "path": h.finding.place.text,
                        **finding_json(h.lines, h.finding),
                    }
                    for h in reported
                ],
                "suppressed": [
                    {"file": h.file, "issueCode": h.finding.code, "reason": h.reason}
                    for h in hits
                    if h.reason is not None
                ],
                "unusedSuppressions": [
                    {"code": s.code, "file": s.file, "path": s.path, "reason": s.reason}
                    for s in unused
                ],
            }
        )
    elif how is Format.GITHUB:
        for hit in reported:
            print(shown.github(hit))
    else:
        console = output.console()
        for hit in reported:
            shown.show(console, hit)
        policies = sum(len(file.policies) for file in files)
        if reported:
            console.print(f"see {shown.PAGE}\n", style="dim", soft_wrap=True)
        console.print(shown.summary(hits, policies=policies, files=len(files)))
        if len(reported) != len(hits):
            console.print(f"{len(hits) - len(reported)} suppressed")
    for s in unused:
        output.warn(f"the suppression of `{s.code}` in `{s.file}` at `{s.path}` is not used")
