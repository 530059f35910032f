"""Estates from CloudFormation and SAM templates, before deployment.

Resources lie in the account and Region of `Settings`; functions such as ``Ref``, ``Fn::Sub`` and
``Fn::If`` are worked out with the parameters given or their defaults. What only deployment will
tell is in `Estate.missing`, with line and path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.model.errors import UsageError
from clearance.model.estate import Estate
from clearance.store.cloudformation import functions, iam, resources, sam
from clearance.store.cloudformation.deploy import Deploy, Kind
from clearance.store.cloudformation.resolve import Made, Resolver, Settings, Unresolved
from clearance.store.cloudformation.template import Template, is_template, read_template
from clearance.store.draft import Draft

__all__ = ["KINDS", "Settings", "is_template", "load_template", "read_template"]

KINDS: Final[Mapping[str, Kind]] = {**iam.KINDS, **functions.KINDS, **resources.KINDS}
_ORDERS: Final = 3
_ACCOUNT: Final = "123456789012"
_REGION: Final = "us-east-1"
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_IMPLICIT: Final = {
    "ServerlessRestApi": "AWS::Serverless::Api",
    "ServerlessHttpApi": "AWS::Serverless::HttpApi",
}
# Types that may decide and are not read; so are all that end in Policy.
_UNREAD: Final = (
    "Policy",
    "Permission",
    "AWS::CloudFormation::Stack",
    "AWS::Serverless::Application",
    "AWS::Serverless::CapacityProvider",
    "AWS::Serverless::Connector",
    "AWS::Serverless::GraphQLApi",
)


def load_template(
    template: Template,
    on: Estate | None = None,
    *,
    account: str | None = None,
    region: str | None = None,
    stack: str | None = None,
    parameters: Mapping[str, str] | None = None,
    managed: Mapping[str, str] | None = None,
) -> Estate:
    """The estate after deployment: ``on`` with what the template makes.

    Without an ``account`` it is the only one of ``on``, or a stand-in that is noted. ``managed``
    are AWS's managed policies by ARN.

    Raises:
        EstateError: the template makes no sense; says line and path.
        UsageError: a parameter is given that the template does not have.
    """
    _check(template, parameters or {})
    base = on or Estate()
    draft = Draft(base, f"the template `{template.file.name}`", managed)
    settings = _settings(draft, base, account, region, stack or "stack", parameters or {})
    made = _resources(template)
    resolver = Resolver(template, settings, made, draft.note)
    deploy = Deploy(resolver, draft)
    if draft.account(settings.account).partition != settings.partition:
        draft.set_account(settings.account, partition=settings.partition)
    wanted = [resource for resource in made.values() if _is_made(deploy, template, resource)]
    for order in range(_ORDERS):
        for resource in wanted:
            kind = KINDS.get(resource.type)
            if kind is not None and kind.order == order:
                _put(deploy, kind, resource)
    for resource in wanted:
        raw = template.section("Resources").get(resource.name)
        for name in sam.unread(resource, raw if isinstance(raw, dict) else {}):
            place = (*resource.place, *(() if name == "Connectors" else ("Properties",)), name)
            deploy.note(Unresolved(f"what `{name}` of `{resource.name}` permits", place))
        if resource.type not in KINDS and resource.type.endswith(_UNREAD):
            deploy.note(
                Unresolved(f"`{resource.name}`: `{resource.type}` is not read", resource.place)
            )
    return draft.estate()


def _check(template: Template, parameters: Mapping[str, str]) -> None:
    for name in ("Mappings", "Conditions", "Globals", "Resources"):
        template.section(name)
    known = template.section("Parameters")
    for name in parameters:
        if name not in known:
            has = ", ".join(f"`{n}`" for n in known) or "none"
            raise UsageError(f"`{template.file}` has no parameter `{name}`; it has {has}")


def _settings(
    draft: Draft,
    base: Estate,
    account: str | None,
    region: str | None,
    stack: str,
    parameters: Mapping[str, str],
) -> Settings:
    """Where the template is deployed; what is not told has a stand-in that is noted."""
    only = next(iter(base.accounts)) if len(base.accounts) == 1 else None
    if account is None and only is None:
        draft.note(f"which account it is for; {_ACCOUNT} stands in (give --account)")
    if region is None:
        draft.note(f"which Region it is for; {_REGION} stands in (give --region)")
    region = region or _REGION
    found = (p for start, p in _PARTITIONS.items() if region.startswith(start))
    partition = next(found, "aws")
    return Settings(account or only or _ACCOUNT, region, partition, stack, parameters)


def _put(deploy: Deploy, kind: Kind, resource: Made) -> None:
    """Make a resource; values of other shapes than AWS takes are an error of the template."""
    try:
        kind.put(deploy, resource)
    except Unresolved as error:
        deploy.note(error)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        raise deploy.resolver.template.fail(
            f"the properties are not those of `{resource.type}`", resource.place
        ) from error


def _resources(template: Template) -> dict[str, Made]:
    """All resources by logical ID; serverless functions are taken apart."""
    found: dict[str, Made] = {}
    for name, raw in template.section("Resources").items():
        place = ("Resources", name)
        if name.startswith("Fn::"):
            raise template.fail(f"`{name}` is a language extension that is not read", place)
        if not isinstance(raw, dict) or not isinstance(raw.get("Type"), str):
            raise template.fail("a resource is an object with a `Type`", place)
        properties = raw.get("Properties")
        if properties is not None and not isinstance(properties, dict):
            raise template.fail("`Properties` is an object", (*place, "Properties"))
        made = Made(name, raw["Type"], properties or {}, place)
        found[name] = made
        found |= {part.name: part for part in sam.expand(template, made)}
    for name, kind in _IMPLICIT.items():
        found.setdefault(name, Made(name, kind, {}, ("Resources",)))
    return found


def _is_made(deploy: Deploy, template: Template, resource: Made) -> bool:
    """False when the resource's condition does not hold."""
    raw = template.section("Resources").get(str(resource.place[-1]))
    condition = raw.get("Condition") if isinstance(raw, dict) else None
    if condition is None:
        return True
    try:
        return deploy.resolver.holds(condition, (*resource.place, "Condition"))
    except Unresolved as error:
        deploy.note(error, f"whether `{resource.name}` is made: ")
        return False
