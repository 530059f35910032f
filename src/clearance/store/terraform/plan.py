"""The output of ``terraform show -json``: what each resource will be, and what is not known yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from clearance.store.snapshot.node import Node

__all__ = ["Plan", "Thing", "longest", "read_plan"]

_MAJOR: Final = "1"
_INDEX: Final = re.compile(r"\[[^\]]*\]")
# References that say which instance is meant, not what it is.
_INSTANCE: Final = ("each.", "count.", "path.", "terraform.")


@dataclass(frozen=True, slots=True)
class Thing:
    """One instance of a resource.

    ``values`` is what it will be (what it was, if it goes), ``unknown`` marks what is known only
    after apply, ``expressions`` is how its configuration says it, ``path`` its place in the file.
    """

    address: str
    module: str
    mode: str
    type: str
    name: str
    values: Mapping[str, Any]
    path: str
    index: object = None
    unknown: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] | None = None
    expressions: Mapping[str, Any] = field(default_factory=dict)
    provider: str = ""
    actions: tuple[str, ...] = ("no-op",)

    @property
    def key(self) -> str:
        """What references call it, without an index."""
        head = "data." if self.mode == "data" else ""
        return f"{head}{self.type}.{self.name}"

    @property
    def goes(self) -> bool:
        """True when apply removes it and makes no other in its place."""
        return self.actions in {("delete",), ("forget",)}

    def is_unknown(self, name: str) -> bool:
        """True when any of the value is known only after apply."""
        return _any(self.unknown.get(name))

    def is_written(self, name: str) -> bool:
        """True when the configuration gives the value, rather than AWS."""
        return not self.expressions or name in self.expressions

    def references(self, name: str) -> tuple[str, ...]:
        """What the configuration of a member refers to."""
        return _references(self.expressions.get(name))


@dataclass(frozen=True, slots=True)
class Plan:
    """All resources of a plan, or of a state."""

    things: tuple[Thing, ...]
    groups: Mapping[tuple[str, str], tuple[Thing, ...]]
    configuration: Mapping[str, Any]
    variables: Mapping[str, Any]
    file: Path

    def module(self, address: str) -> Mapping[str, Any]:
        """The configuration of a module, by its address."""
        found: Mapping[str, Any] = _mapping(self.configuration.get("root_module"))
        for name in _steps(address):
            call = _mapping(_mapping(found.get("module_calls")).get(name))
            found = _mapping(call.get("module"))
        return found

    def target(self, references: tuple[str, ...], thing: Thing) -> tuple[Thing, str] | None:
        """The one resource and member that some references of a thing's configuration mean."""
        return self._target(references, thing.module, thing.index, 0)

    def _target(
        self, references: tuple[str, ...], module: str, index: object, depth: int
    ) -> tuple[Thing, str] | None:
        wanted = longest(references)
        if len(wanted) != 1 or depth > 20:  # noqa: PLR2004 - nobody nests modules so deep
            return None
        (reference,) = wanted
        if reference.startswith("var."):
            above, name = _parent(module), reference[4:].split(".")[0].split("[")[0]
            if above is None:
                return None
            call = _mapping(_mapping(self.module(above[0]).get("module_calls")).get(above[1]))
            expression = _mapping(call.get("expressions")).get(name)
            return self._target(_references(expression), above[0], None, depth + 1)
        if reference.startswith("module."):
            return self._output(reference, module, depth)
        found = re.fullmatch(
            r"((?:data\.)?[\w-]+\.[\w-]+)((?:\[[^\]]*\])*)(?:\.([\w.\[\]-]+))?", reference
        )
        if found is None:
            return None
        instances = self.groups.get((module, found[1]), ())
        if len(instances) > 1:
            chosen = found[2].strip("[]").strip('"') if found[2] else None
            instances = tuple(
                i for i in instances if (str(i.index) == chosen if chosen else i.index == index)
            )
        return (instances[0], found[3] or "") if len(instances) == 1 else None

    def _output(self, reference: str, module: str, depth: int) -> tuple[Thing, str] | None:
        found = re.fullmatch(r"module\.([\w-]+)(\[[^\]]*\])?\.([\w-]+).*", reference)
        if found is None:
            return None
        inner = f"{module}.{found[0].split('.')[0]}" if module else "module"
        inner = f"{inner}.{found[1]}{found[2] or ''}"
        output = _mapping(_mapping(self.module(inner).get("outputs")).get(found[3]))
        return self._target(_references(output.get("expression")), inner, None, depth + 1)

    def provider(self, thing: Thing) -> Mapping[str, Any]:
        """The expressions of a thing's provider."""
        providers = _mapping(self.configuration.get("provider_config"))
        found = providers.get(thing.provider) or providers.get("aws")
        return _mapping(_mapping(found).get("expressions"))

    def constant(self, expression: Any) -> str | None:  # noqa: ANN401 - any JSON
        """The text of an expression that is a constant or a variable of the root module."""
        expression = _mapping(expression)
        value = expression.get("constant_value")
        if isinstance(value, str):
            return value
        match expression.get("references"):
            case [str(name)] if name.startswith("var."):
                value = _mapping(self.variables.get(name[4:])).get("value")
                return value if isinstance(value, str) else None
        return None


def read_plan(node: Node) -> Plan:
    """The plan or state."""
    version = node.text("format_version")
    if version.split(".")[0] not in {_MAJOR, "0"}:
        raise node.at("format_version").fail(
            f"the format is {version}; this Clearance reads {_MAJOR}.x"
        )
    configuration = node.at("configuration").value or {}
    plan = Plan((), {}, _mapping(configuration), _mapping(node.at("variables").value), node.file)
    things = {thing.address: thing for thing in _values(node.at("planned_values"), plan)}
    prior = node.at("prior_state")
    for source in (node, *([prior] if prior.value is not None else [])):
        for thing in _values(source.at("values"), plan):
            if source is node or thing.mode == "data":
                things.setdefault(thing.address, thing)
    for item in node.items("resource_changes"):
        thing = _change(item, plan)
        things[thing.address] = thing
    if not things and not node.has("planned_values"):
        raise node.fail("there are no resources; write the file with `terraform show -json PLAN`")
    groups: dict[tuple[str, str], tuple[Thing, ...]] = {}
    for thing in things.values():
        place = (thing.module, thing.key)
        groups[place] = (*groups.get(place, ()), thing)
    return Plan(tuple(things.values()), groups, plan.configuration, plan.variables, node.file)


def _values(node: Node, plan: Plan) -> Iterator[Thing]:
    """The resources of ``planned_values`` or of a state, modules within modules."""
    if node.value is None:
        return
    waiting = [node.at("root_module")]
    while waiting:
        module = waiting.pop()
        if module.value is None:
            continue
        waiting += module.items("child_modules")
        address = module.text("address", "")
        for item in module.items("resources"):
            yield _thing(item, address, _object(item, "values"), plan)


def _change(node: Node, plan: Plan) -> Thing:
    change = node.at("change")
    actions = change.texts("actions") or ("no-op",)
    before, after = _object(change, "before"), _object(change, "after")
    unknown = change.at("after_unknown").value
    goes = actions in {("delete",), ("forget",)}
    thing = _thing(node, node.text("module_address", ""), before if goes else after, plan)
    return Thing(
        thing.address,
        thing.module,
        thing.mode,
        thing.type,
        thing.name,
        thing.values,
        thing.path,
        thing.index,
        _mapping(unknown),
        before if change.has("before") else None,
        thing.expressions,
        thing.provider,
        actions,
    )


def _thing(node: Node, module: str, values: Mapping[str, Any], plan: Plan) -> Thing:
    kind, name, mode = node.text("type"), node.text("name"), node.text("mode", "managed")
    configured = next(
        (
            c
            for c in plan.module(module).get("resources") or ()
            if isinstance(c, dict)
            and (c.get("type"), c.get("name"), c.get("mode", "managed")) == (kind, name, mode)
        ),
        {},
    )
    return Thing(
        node.text("address"),
        module,
        mode,
        kind,
        name,
        values,
        node.path,
        index=node.at("index").value,
        expressions=_mapping(configured.get("expressions")),
        provider=str(configured.get("provider_config_key") or "aws"),
    )


def _object(node: Node, name: str) -> Mapping[str, Any]:
    found = node.at(name)
    if found.value is not None and not isinstance(found.value, dict):
        raise found.fail("expected an object")
    return _mapping(found.value)


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON
    return value if isinstance(value, dict) else {}


def _any(value: object) -> bool:
    """True when some leaf is true."""
    if isinstance(value, dict):
        return any(_any(item) for item in value.values())
    if isinstance(value, list):
        return any(_any(item) for item in value)
    return value is True


def _references(expression: object) -> tuple[str, ...]:
    """All references in an expression and in the blocks within it."""
    if isinstance(expression, list):
        return tuple(text for item in expression for text in _references(item))
    if not isinstance(expression, dict):
        return ()
    own = expression.get("references")
    if isinstance(own, list) and all(isinstance(item, str) for item in own):
        return tuple(own)
    return tuple(text for item in expression.values() for text in _references(item))


def longest(references: tuple[str, ...]) -> list[str]:
    """``aws_iam_role.r.arn`` stands for its shorter forms, which Terraform lists too."""
    wanted = dict.fromkeys(r for r in references if not r.startswith(_INSTANCE))
    return [
        r for r in wanted if not any(o != r and o.startswith((f"{r}.", f"{r}[")) for o in wanted)
    ]


def _steps(address: str) -> list[str]:
    """The names of the modules in ``module.a["x"].module.b``."""
    return _INDEX.sub("", address).removeprefix("module.").split(".module.") if address else []


def _parent(address: str) -> tuple[str, str] | None:
    """The module above, and what it calls this one."""
    if not address:
        return None
    plain = _steps(address)
    above = address.rpartition(".module.")[0] if ".module." in address else ""
    return above, plain[-1]
