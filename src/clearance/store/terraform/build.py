"""Builder: what a handler of a resource type may ask of the plan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.store.draft import Draft
from clearance.store.terraform.documents import render
from clearance.store.terraform.names import Where, attribute_of, name_of
from clearance.store.terraform.plan import Plan, Thing, longest

__all__ = ["Builder", "Handler", "Kind"]

Handler = Callable[["Builder", Thing], None]
_ACCOUNT: Final = "123456789012"
_REGION: Final = "us-east-1"
_DIGITS: Final = 12
_GLOBAL: Final = ("aws_iam_", "aws_s3_", "aws_organizations_")


@dataclass(frozen=True, slots=True)
class Kind:
    """What to do with a type: make or change it, and remove it.

    ``order`` is 0 for what stands by itself, 1 for what hangs on that, 2 for what prunes the rest.
    """

    put: Handler
    drop: Handler
    order: int = 0


class Builder:
    """A plan, and the draft it is written into."""

    def __init__(
        self,
        plan: Plan,
        draft: Draft,
        accounts: tuple[str, ...],
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        self.plan = plan
        self.draft = draft
        self._unsure: set[str] = set()
        home = self._find_home(accounts)
        self._home = Where(home.partition, region or home.region, account or home.account)

    # --- places -----------------------------------------------------------------------------------

    def where(self, thing: Thing) -> Where:
        """Partition, Region and account of a resource."""
        arn = Arn.find(str(thing.values.get("arn") or ""))
        provider = self.plan.provider(thing)
        region = thing.values.get("region")
        if not isinstance(region, str) or not region:
            region = (arn.region if arn else "") or self.plan.constant(provider.get("region"))
        region = region or self._home.region
        if not region:
            region = _REGION
            if not thing.type.startswith(_GLOBAL):
                self.draft.note(f"which Region it is for; {_REGION} stands in")
        account = arn.account if arn and arn.account.isdigit() else None
        account = account or self._of_provider(provider) or self._home.account
        if not account:
            account = _ACCOUNT
            self.draft.note(
                f"which account it is for; {_ACCOUNT} stands in (a plan names it once it has "
                "`data aws_caller_identity`, `allowed_account_ids` or a resource that exists)"
            )
        return Where(arn.partition if arn else self._home.partition, region, account)

    def _of_provider(self, provider: Mapping[str, Any]) -> str | None:
        """The account that a provider's role or its allowed accounts name."""
        for block in _list(provider.get("assume_role")):
            if isinstance(block, dict):
                role = Arn.find(self.plan.constant(block.get("role_arn")) or "")
                if role is not None:
                    return role.account
        allowed = provider.get("allowed_account_ids")
        value = allowed.get("constant_value") if isinstance(allowed, dict) else None
        return str(value[0]) if isinstance(value, list) and len(value) == 1 else None

    def _find_home(self, accounts: tuple[str, ...]) -> Where:
        """Where resources lie whose provider does not say."""
        seen: Counter[tuple[str, str]] = Counter()
        identity, regions = None, Counter[str]()
        for thing in self.plan.things:
            if thing.type == "aws_caller_identity" and thing.values.get("account_id"):
                identity = str(thing.values["account_id"])
            if thing.type == "aws_region" and thing.values.get("name"):
                regions[str(thing.values["name"])] += 1
            arn = Arn.find(str(thing.values.get("arn") or ""))
            if arn is not None and thing.mode == "managed" and arn.account.isdigit():
                seen[arn.partition, arn.account] += 1
                regions[arn.region] += 1 if arn.region else 0
        partition, account = (seen.most_common(1) or [(("aws", ""), 0)])[0][0]
        account = identity or account or (accounts[0] if len(accounts) == 1 else "")
        region = (regions.most_common(1) or [("", 0)])[0][0]
        return Where(partition, region, account if len(account) == _DIGITS else "")

    # --- members ----------------------------------------------------------------------------------

    def name(self, thing: Thing) -> str:
        """The name, or a stand-in that is noted."""
        name, sure = name_of(thing)
        if not sure and thing.address not in self._unsure:
            self._unsure.add(thing.address)
            self.draft.note(f"the name of {thing.address} until apply; `{name}` stands in")
        return name

    def arn(self, thing: Thing) -> str | None:
        """The ARN, known or made from the name."""
        self.name(thing)
        return attribute_of(thing, "arn", self.where(thing))

    def text(self, thing: Thing, name: str) -> str | None:
        """A member that is a name or an ARN as a whole; noted if it is not sure."""
        found = self._text(thing, name)
        if found is None and thing.is_unknown(name):
            self.unknown(thing, name)
        return found

    def texts(self, thing: Thing, name: str) -> tuple[str, ...]:
        """A member that is a list of names or ARNs; noted if it is not sure."""
        value = thing.values.get(name)
        known = tuple(item for item in _list(value) if isinstance(item, str))
        if not thing.is_unknown(name):
            return known
        found = [self._referred(references, thing) for references in _each(thing, name)]
        if all(found) and len(found) + len(known) >= len(_list(thing.unknown.get(name))):
            return (*known, *(text for text in found if text))
        self.unknown(thing, name)
        return known

    def _text(self, thing: Thing, name: str) -> str | None:
        value = thing.values.get(name)
        if isinstance(value, str) and not thing.is_unknown(name):
            return value or None
        if not thing.is_unknown(name):
            return None
        wanted = "arn" if name.endswith("arn") or _is_role(thing, name) else "id"
        # A choice between several is sure if all come to the same.
        found = {self._referred((r,), thing, wanted) for r in longest(thing.references(name))}
        return found.pop() if len(found) == 1 else None

    def _referred(
        self, references: tuple[str, ...], thing: Thing, wanted: str = "id"
    ) -> str | None:
        """What references come to; ``wanted`` is the member where they name none."""
        found = self.plan.target(references, thing)
        if found is None or found[0].address == thing.address:
            return None
        target, member = found[0], found[1] or wanted
        if target.type.startswith("aws_s3_bucket_") and member in {"id", "bucket"}:
            return self._text(target, "bucket")
        if target.type == "aws_lambda_alias" and member == "arn":
            function = self._text(target, "function_name")
            name = target.values.get("name")
            place = self.where(target)
            if function is None or name is None:
                return None
            head = f"arn:{place.partition}:lambda:{place.region}:{place.account}:function"
            return f"{head}:{function.rpartition(':')[2]}:{name}"
        self.name(target)
        return attribute_of(target, member.split(".")[0].split("[")[0], self.where(target))

    def document(self, thing: Thing, name: str) -> str | None:
        """A policy; what is not sure of it is noted."""
        value = thing.values.get(name)
        if isinstance(value, str) and not thing.is_unknown(name):
            return value or None
        if not thing.is_unknown(name) or not thing.is_written(name):
            return None
        found = self.plan.target(thing.references(name), thing)
        if found is not None and found[0].type == "aws_iam_policy_document":
            document = found[0]
            text = document.values.get("json")
            if isinstance(text, str) and text and not document.is_unknown("json"):
                return text
            text, missing = render(document, lambda e: self._expression(document, e))
            for what in missing:
                self.draft.note(f"`{name}` of {thing.address}, {what}")
            return text if json.loads(text)["Statement"] or not missing else None
        if found is not None and found[1]:
            target, member = found
            text = target.values.get(member)
            if isinstance(text, str) and not target.is_unknown(member):
                return text
        self.unknown(thing, name)
        return None

    def _expression(self, thing: Thing, expression: object) -> str | None:
        stand_in = replace(thing, expressions={"it": expression})
        return self._referred(stand_in.references("it"), thing)

    def unknown(self, thing: Thing, name: str) -> None:
        """Note a member that only apply will tell."""
        said = longest(thing.references(name))
        because = f": it comes from {', '.join(f'`{r}`' for r in said[:3])}" if said else ""
        self.draft.note(f"`{name}` of {thing.address} until apply{because}")

    def tags(self, thing: Thing) -> dict[str, str] | None:
        """All tags, those of the provider included; None if they are not told."""
        for name in ("tags_all", "tags"):
            tags = thing.values.get(name)
            if isinstance(tags, dict):
                return {str(k): str(v) for k, v in tags.items() if v is not None}
        return None


def _each(thing: Thing, name: str) -> tuple[tuple[str, ...], ...]:
    """The references of a list, one by one: a plan lists them in a row."""
    return tuple((r,) for r in longest(thing.references(name)))


def _is_role(thing: Thing, name: str) -> bool:
    """True where a role is named by its ARN though the member does not say so."""
    return name == "role" and thing.type == "aws_lambda_function"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
