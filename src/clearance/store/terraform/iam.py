"""Terraform's ``aws_iam_*`` resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clearance.model.estate import InstanceProfile, OidcProvider, PasswordPolicy, SamlProvider
from clearance.store.draft import stand_in
from clearance.store.snapshot.node import UNKNOWN_TIME
from clearance.store.terraform.build import Builder, Handler, Kind
from clearance.store.terraform.plan import Thing

__all__ = ["KINDS"]


def _path(thing: Thing) -> str:
    path = thing.values.get("path")
    return path if isinstance(path, str) and path else "/"


def _common(build: Builder, thing: Thing) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "path": _path(thing),
        "boundary": build.text(thing, "permissions_boundary"),
    }
    tags = build.tags(thing)
    return fields if tags is None else {**fields, "tags": tags}


def _put_user(build: Builder, thing: Thing) -> None:
    account = build.where(thing).account
    build.draft.put_user(account, build.name(thing), **_common(build, thing))


def _put_group(build: Builder, thing: Thing) -> None:
    account = build.where(thing).account
    build.draft.put_group(account, build.name(thing), path=_path(thing))


def _put_role(build: Builder, thing: Thing) -> None:
    account, name = build.where(thing).account, build.name(thing)
    fields = _common(build, thing)
    if isinstance(thing.values.get("description"), str):
        fields["description"] = thing.values["description"] or None
    if isinstance(thing.values.get("max_session_duration"), int):
        fields["max_session"] = thing.values["max_session_duration"]
    trust = build.document(thing, "assume_role_policy")
    build.draft.put_role(account, name, trust, **fields)
    _put_blocks(build, thing, account, name)
    if "managed_policy_arns" in thing.expressions:
        for arn in build.draft.table(account, "roles")[name].attached:
            build.draft.attach(account, "role", name, arn, on=False)
    if thing.is_written("managed_policy_arns"):
        for arn in build.texts(thing, "managed_policy_arns"):
            build.draft.attach(account, "role", name, arn)


def _put_blocks(build: Builder, thing: Thing, account: str, name: str) -> None:
    """The inline policies that a role's own blocks give it."""
    if "inline_policy" in thing.expressions:
        # "Configuring one empty block ... removes all inline policies" (aws_iam_role): the blocks
        # are all there is. Without any, Terraform only tells what is there.
        for policy in build.draft.table(account, "roles")[name].inline:
            build.draft.put_inline(account, "role", name, policy, None)
        if thing.is_unknown("inline_policy"):
            build.unknown(thing, "inline_policy")
    for block in thing.values.get("inline_policy") or ():
        policy, text = block.get("name"), block.get("policy")
        if isinstance(policy, str) and isinstance(text, str):
            build.draft.put_inline(account, "role", name, policy, text)


def _put_policy(build: Builder, thing: Thing) -> None:
    arn, text = build.arn(thing), build.document(thing, "policy")
    if arn is None or text is None:
        return
    fields: dict[str, Any] = {"path": _path(thing), "name": build.name(thing)}
    tags = build.tags(thing)
    fields |= {} if tags is None else {"tags": tags}
    build.draft.put_policy(build.where(thing).account, arn, text, **fields)


def _drop_policy(build: Builder, thing: Thing) -> None:
    build.draft.table(build.where(thing).account, "policies").pop(build.arn(thing) or "", None)


def _put_profile(build: Builder, thing: Thing) -> None:
    name, account = build.name(thing), build.where(thing).account
    role = build.text(thing, "role")
    build.draft.table(account, "instance_profiles")[name] = InstanceProfile(
        name,
        stand_in("AIPA", f"{account}/{name}"),
        UNKNOWN_TIME,
        path=_path(thing),
        roles=(role,) if role else (),
        tags=build.tags(thing) or {},
    )


def _put_oidc(build: Builder, thing: Thing) -> None:
    arn, url = build.arn(thing), thing.values.get("url")
    if arn is not None and isinstance(url, str):
        build.draft.table(build.where(thing).account, "oidc_providers")[arn] = OidcProvider(
            url.removeprefix("https://"),
            UNKNOWN_TIME,
            client_ids=build.texts(thing, "client_id_list"),
            thumbprints=build.texts(thing, "thumbprint_list"),
            tags=build.tags(thing) or {},
        )


def _put_saml(build: Builder, thing: Thing) -> None:
    arn = build.arn(thing)
    if arn is not None:
        build.draft.table(build.where(thing).account, "saml_providers")[arn] = SamlProvider(
            build.name(thing),
            "",
            UNKNOWN_TIME,
            UNKNOWN_TIME,
            str(thing.values.get("saml_metadata_document") or ""),
            tags=build.tags(thing) or {},
        )


def _named(table: str) -> Handler:
    def drop(build: Builder, thing: Thing) -> None:
        build.draft.table(build.where(thing).account, table).pop(build.name(thing), None)

    return drop


def _by_arn(table: str) -> Handler:
    def drop(build: Builder, thing: Thing) -> None:
        build.draft.table(build.where(thing).account, table).pop(build.arn(thing) or "", None)

    return drop


# --- what hangs on identities ---------------------------------------------------------------------


def _holds(build: Builder, kind: str, account: str, name: str) -> bool:
    return name in build.draft.table(account, f"{kind}s")


def _inline(kind: str) -> Kind:
    def put(build: Builder, thing: Thing) -> None:
        name, text = build.text(thing, kind), build.document(thing, "policy")
        if name is not None and text is not None:
            account = build.where(thing).account
            build.draft.put_inline(account, kind, name, build.name(thing), text)

    def drop(build: Builder, thing: Thing) -> None:
        name, account = build.text(thing, kind), build.where(thing).account
        if name is not None and _holds(build, kind, account, name):
            build.draft.put_inline(account, kind, name, build.name(thing), None)

    return Kind(put, drop, order=1)


def _attachment(kind: str) -> Kind:
    def put(build: Builder, thing: Thing) -> None:
        name, arn = build.text(thing, kind), build.text(thing, "policy_arn")
        if name is not None and arn is not None:
            build.draft.attach(build.where(thing).account, kind, name, arn)

    def drop(build: Builder, thing: Thing) -> None:
        name, arn = build.text(thing, kind), build.text(thing, "policy_arn")
        account = build.where(thing).account
        if name is not None and arn is not None and _holds(build, kind, account, name):
            build.draft.attach(account, kind, name, arn, on=False)

    return Kind(put, drop, order=1)


def _attach_all(build: Builder, thing: Thing) -> None:
    # "Creates exclusive attachments": nobody else keeps the policy (aws_iam_policy_attachment).
    account, arn = build.where(thing).account, build.text(thing, "policy_arn")
    if arn is None:
        return
    for kind in ("user", "group", "role"):
        wanted = set(build.texts(thing, f"{kind}s"))
        for name, identity in list(build.draft.table(account, f"{kind}s").items()):
            if arn in identity.attached and name not in wanted:
                build.draft.attach(account, kind, name, arn, on=False)
        for name in sorted(wanted):
            build.draft.attach(account, kind, name, arn)


def _detach_all(build: Builder, thing: Thing) -> None:
    account, arn = build.where(thing).account, build.text(thing, "policy_arn")
    for kind in ("user", "group", "role"):
        for name in build.texts(thing, f"{kind}s"):
            if arn is not None and _holds(build, kind, account, name):
                build.draft.attach(account, kind, name, arn, on=False)


def _only(kind: str, what: str) -> Kind:
    """``aws_iam_role_policies_exclusive`` and its siblings: whatever else hangs there goes."""

    def put(build: Builder, thing: Thing) -> None:
        name, account = build.text(thing, f"{kind}_name"), build.where(thing).account
        if name is None or not _holds(build, kind, account, name) or thing.is_unknown(what):
            return
        kept, held = build.texts(thing, what), build.draft.table(account, f"{kind}s")[name]
        if what == "policy_names":
            for policy in set(held.inline) - set(kept):
                build.draft.put_inline(account, kind, name, policy, None)
        else:
            for arn in set(held.attached) - set(kept):
                build.draft.attach(account, kind, name, arn, on=False)

    return Kind(put, nothing, order=2)


def nothing(build: Builder, thing: Thing) -> None:
    """Nothing to do."""
    del build, thing


def _members(*, on: bool) -> Handler:
    def put(build: Builder, thing: Thing) -> None:
        account = build.where(thing).account
        if thing.type == "aws_iam_group_membership":
            groups, users = [build.text(thing, "group")], build.texts(thing, "users")
        else:
            groups = [*build.texts(thing, "groups")]
            users = tuple(filter(None, [build.text(thing, "user")]))
        for user in users:
            for group in filter(None, groups):
                if on or _holds(build, "user", account, user):
                    build.draft.join(account, user, group, on=on)

    return put


def _put_alias(build: Builder, thing: Thing) -> None:
    build.draft.set_account(
        build.where(thing).account, alias=thing.values.get("account_alias") or None
    )


def _put_password_policy(build: Builder, thing: Thing) -> None:
    names = {
        "minimum_length": "minimum_password_length",
        "require_symbols": "require_symbols",
        "require_numbers": "require_numbers",
        "require_uppercase": "require_uppercase_characters",
        "require_lowercase": "require_lowercase_characters",
        "allow_change": "allow_users_to_change_password",
        "max_age": "max_password_age",
        "reuse_prevention": "password_reuse_prevention",
        "hard_expiry": "hard_expiry",
    }
    known = {f: v for f, m in names.items() if isinstance(v := thing.values.get(m), int)}
    fields: dict[str, Any] = {f: v or None if f == "max_age" else v for f, v in known.items()}
    build.draft.set_account(build.where(thing).account, password_policy=PasswordPolicy(**fields))


def _drop_password_policy(build: Builder, thing: Thing) -> None:
    build.draft.set_account(build.where(thing).account, password_policy=None)


_EACH: Final = ("user", "group", "role")
KINDS: Final[Mapping[str, Kind]] = {
    "aws_iam_user": Kind(_put_user, _named("users")),
    "aws_iam_group": Kind(_put_group, _named("groups")),
    "aws_iam_role": Kind(_put_role, _named("roles")),
    "aws_iam_policy": Kind(_put_policy, _drop_policy),
    "aws_iam_instance_profile": Kind(_put_profile, _named("instance_profiles")),
    "aws_iam_openid_connect_provider": Kind(_put_oidc, _by_arn("oidc_providers")),
    "aws_iam_saml_provider": Kind(_put_saml, _by_arn("saml_providers")),
    "aws_iam_account_alias": Kind(_put_alias, nothing),
    "aws_iam_account_password_policy": Kind(_put_password_policy, _drop_password_policy),
    "aws_iam_policy_attachment": Kind(_attach_all, _detach_all, order=1),
    "aws_iam_group_membership": Kind(_members(on=True), _members(on=False), order=1),
    "aws_iam_user_group_membership": Kind(_members(on=True), _members(on=False), order=1),
    **{f"aws_iam_{kind}_policy": _inline(kind) for kind in _EACH},
    **{f"aws_iam_{kind}_policy_attachment": _attachment(kind) for kind in _EACH},
    **{f"aws_iam_{kind}_policies_exclusive": _only(kind, "policy_names") for kind in _EACH},
    **{
        f"aws_iam_{kind}_policy_attachments_exclusive": _only(kind, "policy_arns") for kind in _EACH
    },
}
