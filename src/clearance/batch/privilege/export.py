"""Proposals as files: policies, AWS CLI commands, Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from shlex import quote
from typing import Final

from clearance.batch.privilege.propose import Proposal
from clearance.batch.privilege.shape import Form
from clearance.explain.hcl import value
from clearance.model.arn import Arn
from clearance.model.policy import AttachedPolicy

__all__ = ["files", "policy_name"]

_PLAIN: Final = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_LABEL: Final = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST: Final = 128  # characters of a policy's name


def policy_name(principal: str, number: int) -> str:
    """The name of a principal's policy."""
    end = f"-used-{number}"
    return _PLAIN.sub("-", Arn.of(principal).name)[: _LONGEST - len(end)] + end


def files(proposals: Iterable[Proposal], form: Form) -> Mapping[str, str]:
    """File names and what is in them.

    A folder for each principal with its policies, and for each account the commands and the
    Terraform that give them.
    """
    found: dict[str, str] = {}
    shells: dict[str, list[str]] = {}
    blocks: dict[str, list[str]] = {}
    for one in proposals:
        arn = Arn.of(one.principal)
        folder = f"{arn.account}/{arn.kind}-{_PLAIN.sub('-', arn.name)}"
        names = [policy_name(one.principal, n) for n in range(1, len(one.policies) + 1)]
        for name, text in zip(names, one.texts, strict=True):
            found[f"{folder}/{name}.json"] = text + "\n"
        inside = folder.partition("/")[2]
        shells.setdefault(arn.account, []).extend(_commands(one, arn, names, inside, form))
        blocks.setdefault(arn.account, []).extend(_terraform(one, arn, names, form))
    for account, lines in shells.items():
        found[f"{account}/apply.sh"] = "\n".join((_HEAD, *lines)) + "\n"
        found[f"{account}/main.tf"] = "\n\n".join(blocks[account]) + "\n"
    return found


_HEAD: Final = """\
#!/bin/sh
# Gives each principal its new policies, and only then takes the old ones away.
# Run it in this folder, with credentials of the account. Read it first.
set -eu
"""


def _commands(one: Proposal, arn: Arn, names: list[str], folder: str, form: Form) -> Iterator[str]:
    kind, who = arn.kind, f"--{arn.kind}-name {quote(arn.name)}"
    yield f"\n# {one.principal}"
    for name in names:
        document = f"--policy-document {quote(f'file://{folder}/{name}.json')}"
        if form is Form.INLINE:
            yield f"aws iam put-{kind}-policy {who} --policy-name {quote(name)} {document}"
        else:
            policy = quote(f"arn:{arn.partition}:iam::{arn.account}:policy/{name}")
            yield f"aws iam create-policy --policy-name {quote(name)} {document}"
            yield f"aws iam attach-{kind}-policy {who} --policy-arn {policy}"
    yield from dict.fromkeys(line for held in one.before for line in _away(held, arn, who))


def _away(policy: AttachedPolicy, arn: Arn, who: str) -> Iterator[str]:
    holder = policy.attached_to or ""
    if ":group/" in holder:
        group = quote(holder.rsplit("/", 1)[-1])
        yield f"aws iam remove-user-from-group {who} --group-name {group}"
    elif policy.arn is not None:
        yield f"aws iam detach-{arn.kind}-policy {who} --policy-arn {quote(policy.arn)}"
    else:
        yield f"aws iam delete-{arn.kind}-policy {who} --policy-name {quote(policy.name)}"


def _terraform(one: Proposal, arn: Arn, names: list[str], form: Form) -> Iterator[str]:
    kind = arn.kind
    for name, text in zip(names, one.texts, strict=True):
        label = _LABEL.sub("_", f"{kind}_{name}")
        document = f"  policy = jsonencode({value(json.loads(text), 1)})"
        told = f"  name   = {value(name)}"
        if form is Form.INLINE:
            holder = f"  {kind}   = {value(arn.name)}"
            yield "\n".join(
                (f'resource "aws_iam_{kind}_policy" "{label}" {{', told, holder, document, "}")
            )
            continue
        yield "\n".join((f'resource "aws_iam_policy" "{label}" {{', told, document, "}"))
        yield (
            f'resource "aws_iam_{kind}_policy_attachment" "{label}" {{\n'
            f"  {kind.ljust(10)} = {value(arn.name)}\n"
            f"  policy_arn = aws_iam_policy.{label}.arn\n}}"
        )
