"""What of two estates is the same, so that only what differs is looked at twice."""

from __future__ import annotations

from clearance.batch.cells import Ground
from clearance.decide.compile.engine import Caller
from clearance.model.estate import Account, Estate

__all__ = ["held_by", "layers_of", "rest_of", "statements_of"]


def layers_of(caller: Caller) -> list[tuple[object, ...]]:
    """A caller's own layers, by what they are."""
    return [
        (layer.type, layer.broken, *[id(compiled) for _, compiled in layer.policies])
        for layer in caller.layers
    ]


def held_by(estate: Estate, caller: Caller) -> object:
    """What policies an estate gives a caller, of whom nothing else differs between estates."""
    principal = caller.principal
    account = estate.account(principal.account)
    if account is None:
        return None
    name = principal.policy_subject.rsplit("/", 1)[-1]
    user, role = account.users.get(name), account.roles.get(name)
    holders = [user, role, *(account.groups.get(g) for g in (user.groups if user else ()))]
    arns = {arn for holder in holders if holder for arn in holder.attached}
    arns |= {bound.boundary for bound in (user, role) if bound and bound.boundary}
    return holders, {arn: estate.managed_text(arn) for arn in sorted(arns)}


def statements_of(ground: Ground) -> list[tuple[object, ...]]:
    """The statements that cover the action, layer by layer, by what they are."""
    action = ground.situation.request.action
    return [
        (layer.type, layer.broken, *[id(compiled) for _, compiled in layer.covering(action)])
        for layer in ground.layers
    ]


def rest_of(estate: Estate) -> object:
    """Everything of an estate but the policies of its users, groups and roles."""

    def of(account: Account) -> tuple[object, ...]:
        return (
            account.partition, account.functions, account.resources, account.vpc_endpoints,
            account.layers, account.canonical_id,
            {arn: policy.tags for arn, policy in account.policies.items()},
            {name: (user.path, user.id, user.tags) for name, user in account.users.items()},
            {
                name: (role.path, role.id, role.tags, role.trust)
                for name, role in account.roles.items()
            },
        )  # fmt: skip

    accounts = {number: of(account) for number, account in estate.accounts.items()}
    return accounts, estate.organizations, estate.missing
