"""The tools themselves: each asks the engine once and answers in a typed value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

from pydantic import Field

from clearance import wiring
from clearance.cli import inputs
from clearance.cli.assistant import answers
from clearance.cli.assistant.root import Root
from clearance.model.errors import UsageError
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.request import Context, Request
from clearance.validate.suppress import KINDS

if TYPE_CHECKING:
    from clearance.cli.policy_files import PolicyFile
    from clearance.decide import PolicySet

__all__ = ["Tools"]

SHOWN: Final = 100

Layer = Literal["identity", "resource", "trust", "boundary", "session", "scp", "rcp"]
PolicyKind = Literal[
    "identity", "resource", "trust", "boundary", "session", "scp", "rcp", "vpc-endpoint"
]
Document = Annotated[
    str | dict[str, Any],
    Field(description="A policy: the JSON document itself, or the path of a file that holds it."),
]
Estate = Annotated[
    str | None,
    Field(
        description="The estate: a snapshot folder, an estate file, the data folder of `clearance "
        "serve`, a Terraform plan or a CloudFormation template. Left out: the one that the server "
        "was started with."
    ),
]
Principal = Annotated[
    str,
    Field(
        description="Who: `user/NAME` or `role/NAME` of the estate, the ARN of a user, role, "
        "session or root, a service such as `lambda.amazonaws.com`, or `anonymous`."
    ),
]
Action = Annotated[str, Field(description="What: `service:Action`, e.g. `lambda:InvokeFunction`.")]
Resource = Annotated[str, Field(description="On what: an ARN, or `*`.")]
Keys = Annotated[
    dict[str, str | list[str]] | None,
    Field(description="Context keys, e.g. {`aws:SourceIp`: `203.0.113.7`}."),
]
Absent = Annotated[list[str] | None, Field(description="Context keys known to be absent.")]
Unknown = Annotated[list[str] | None, Field(description="Context keys whose value is unknown.")]
Limit = Annotated[int, Field(ge=1, le=1000, description="How many to answer at most.")]


class Tools:
    """Every tool, about one root folder."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def check(
        self,
        principal: Principal,
        action: Action,
        resource: Resource = "*",
        estate: Estate = None,
        policies: Annotated[
            dict[Layer, list[str | dict[str, Any]]] | None,
            Field(
                description="Instead of an estate: bare policies by layer, each a JSON document or "
                "a path. `scp` and `rcp` are one level each, root first."
            ),
        ] = None,
        context: Keys = None,
        absent: Absent = None,
        unknown: Unknown = None,
        resource_account: Annotated[
            str | None, Field(description="The owner, where the ARN does not say.")
        ] = None,
    ) -> answers.Decided:
        """Decide whether AWS allows one request, and what every layer of policies said.

        A context key that nobody told is read as absent; `undecidedKeys` are those that could turn
        the verdict.
        """
        from clearance.cli.check import warnings_about
        from clearance.cli.show import decision_json
        from clearance.decide.authorize import decide
        from clearance.decide.gather import gather, gather_bare

        warnings, missing = list(warnings_about(action, resource)), list[str]()
        keys = _context(context, absent, unknown)
        now, catalog = wiring.now(), wiring.catalog()
        if policies:
            if estate is not None:
                raise UsageError("give either `estate` or `policies`, not both")
            who = inputs.principal_of(principal, None)
            request = Request(who, action, resource, keys, resource_account)
            sets = self._policy_set(policies, action, resource)
            situation = gather_bare(request, sets, now=now, catalog=catalog)
        else:
            held = self._root.index(estate).estate
            who = inputs.principal_of(principal, held)
            request = Request(who, action, resource, keys, resource_account)
            situation = gather(held, request, now=now, catalog=catalog)
            missing += held.missing
        decision = decide(situation)
        shown = decision_json(decision)
        for check, layer in zip(decision.checks, shown["checks"], strict=True):
            layer["because"] = check.because
        told = {"warnings": warnings, "missing": missing, "why": decision.why()}
        verdict = "ALLOWED" if decision.allowed else "DENIED"
        return cast("answers.Decided", {"verdict": verdict, **told, **shown})

    def explain(
        self,
        denial: Annotated[
            str | None,
            Field(
                description="The whole text of the error: an AWS message, a log excerpt, a "
                "CloudTrail record, a boto3 error. Or leave it out and say who, what, on what."
            ),
        ] = None,
        estate: Estate = None,
        principal: Annotated[
            str | None, Field(description="Who asked, where the text does not say.")
        ] = None,
        action: Annotated[str | None, Field(description="What: `service:Action`.")] = None,
        resource: Annotated[str | None, Field(description="On what: an ARN, or `*`.")] = None,
        context: Keys = None,
        absent: Absent = None,
        full: Annotated[
            bool, Field(description="Also the whole explanation, with every policy it read.")
        ] = False,
    ) -> answers.Explained:
        """Explain why AWS denied a request: every blocker, the smallest fix, and its proof.

        Without an estate it says what the text alone proves and what is missing. A fix with
        `works: true` was decided again and lets the request through; say what else it allows.
        """
        from clearance.cli.explain import explanations
        from clearance.explain import prose

        index = None
        if estate is not None or self._root.has_estate:
            index = self._root.index(estate)
        found = explanations(
            index.estate if index else None,
            denial,
            principal=principal,
            action=action,
            resource=resource,
            context=_context(context, absent, None),
        )[0]
        whole = found.to_json()
        outcome: dict[int, Literal["proven fix", "no proven fix", "not enough evidence"]] = {
            0: "proven fix", 3: "no proven fix", 4: "not enough evidence"
        }  # fmt: skip
        return answers.Explained(
            outcome=outcome[found.exit_code],
            text=prose.text(found),
            causes=whole["causes"],
            fixes=whole["fixes"],
            nextSteps=whole["next_steps"],
            explanation=whole if full else None,
        )

    def who_can(
        self,
        action: Action,
        resource: Resource = "*",
        estate: Estate = None,
        through_roles: Annotated[
            bool, Field(description="Also who can become somebody who can, role by role.")
        ] = False,
        context: Keys = None,
        absent: Absent = None,
        limit: Limit = SHOWN,
    ) -> answers.WhoCan:
        """List everybody in the estate who can do one thing, and on which unknown keys it hangs."""
        from clearance.cli.check import warnings_about
        from clearance.cli.who_can import to_json

        warnings = list(warnings_about(action, resource))
        index = self._root.index(estate)
        keys = _context(context, absent, None)
        found = index.who_can(
            action, resource, context=keys, now=wiring.now(), through_roles=through_roles
        )
        shown = to_json(found)
        total = len(shown["principals"])
        shown["principals"] = shown["principals"][:limit]
        more = {"total": total, "warnings": warnings, "missing": list(index.estate.missing)}
        return cast("answers.WhoCan", {**shown, **more})

    def what_can(
        self,
        principal: Principal,
        estate: Estate = None,
        service: Annotated[
            str | None, Field(description="Only this service prefix, e.g. `s3`.")
        ] = None,
        context: Keys = None,
        absent: Absent = None,
        limit: Limit = SHOWN,
    ) -> answers.Permissions:
        """List what one principal can do: actions and the resources of each."""
        from clearance.cli.what_can import check_service, to_json
        from clearance.decide.what import what_can

        catalog = wiring.catalog()
        if service is not None:
            check_service(catalog, service)
        held = self._root.index(estate).estate
        found = list(
            what_can(
                held,
                inputs.principal_of(principal, held),
                catalog=catalog,
                service=service,
                context=_context(context, absent, None),
                now=wiring.now(),
            )
        )
        return answers.Permissions(
            principal=principal,
            permissions=[cast("answers.Permission", to_json(one)) for one in found[:limit]],
            total=len(found),
            missing=list(held.missing),
        )

    def diff(
        self,
        before: Document,
        after: Document,
        type: Annotated[  # noqa: A002 - as the command calls it
            PolicyKind, Field(description="What kind of policy both are.")
        ] = "identity",
        limit: Limit = SHOWN,
    ) -> answers.Changes:
        """Prove what a changed policy newly allows and newly denies, for all requests there are.

        Every row comes with a witness: a request that was decided again. `nothingChanges` is
        `proven` (they are equivalent), `refuted` (they are not), or `unknown` with the reason.
        """
        from clearance.cli.prove import world_of
        from clearance.prove import diff

        kind = KINDS[type]
        found = diff(
            self._policy(before, kind, "before"),
            self._policy(after, kind, "after"),
            world_of(open_world=False),
            limit=limit,
        )
        return answers.Changes(
            nothingChanges=found.equivalent.value,
            detail={
                "newly_allowed": found.newly_allowed.to_json(),
                "newly_denied": found.newly_denied.to_json(),
            },
        )

    def diff_estates(
        self,
        before: Annotated[str, Field(description="The estate before: a path.")],
        after: Annotated[str, Field(description="The estate after: a path.")],
        limit: Limit = 10,
    ) -> answers.Changes:
        """Prove what each principal gains or loses between two estates."""
        from clearance.cli.prove import world_of
        from clearance.prove import estate_diff

        found = estate_diff(
            self._root.index(before).estate,
            self._root.index(after).estate,
            world_of(open_world=False),
            limit=limit,
        )
        return answers.Changes(nothingChanges=found.verdict.value, detail=found.to_json())

    def validate(
        self,
        policy: Annotated[
            str | dict[str, Any],
            Field(
                description="A policy as JSON, or a path: a policy file, a template, a plan, or a "
                "folder of them."
            ),
        ],
        type: Annotated[  # noqa: A002 - as the command calls it
            PolicyKind | Literal["auto"],
            Field(description="What kind of policy it is; `auto` reads it from the document."),
        ] = "auto",
        resource_type: Annotated[
            str | None,
            Field(description="What a resource policy hangs on, e.g. `AWS::S3::Bucket`."),
        ] = None,
        limit: Limit = SHOWN,
    ) -> answers.Findings:
        """Check policies with the issue codes of IAM Access Analyzer, offline."""
        from clearance.cli.policy_files import files_in, open_file, open_text

        kind = None if type == "auto" else KINDS[type]
        text = _text(policy)
        if text is not None:
            opened = [open_text(Path("policy"), text, kind=kind, resource=resource_type)]
        else:
            opened = [
                open_file(
                    self._root.path(str(each)), named=named, kind=kind, resource=resource_type
                )
                for each, named in files_in([self._root.path(str(policy))])
            ]
        files = [file for file in opened if file is not None]
        findings = [one for file in files for one in self._findings(file)]
        return answers.Findings(
            policies=sum(len(file.policies) for file in files),
            findings=findings[:limit],
            total=len(findings),
        )

    def _findings(self, file: PolicyFile) -> Iterator[answers.Finding]:
        from clearance.cli.validate import findings_in
        from clearance.validate.codes import CODES
        from clearance.validate.report import Lines, finding_json

        lines, folder = Lines.of(file.text), f"{self._root.folder.as_posix()}/"
        for one in findings_in(file):
            shown = finding_json(lines, one)
            line, column = lines.at(one.place.start)
            yield answers.Finding(
                file=file.name.removeprefix(folder),
                line=line,
                column=column + 1,
                path=one.place.text,
                findingType=shown["findingType"],
                issueCode=shown["issueCode"],
                findingDetails=shown["findingDetails"],
                why=CODES[one.code].why,
                fix=one.fix.says if one.fix else None,
                learnMoreLink=shown["learnMoreLink"],
            )

    def actions(
        self,
        pattern: Annotated[str, Field(description="An action or a pattern, e.g. `s3:Get*Acl`.")],
        limit: Limit = SHOWN,
    ) -> answers.Actions:
        """List the actions that a pattern stands for: access level, resource types, keys."""
        from clearance.cli.actions import facts_of
        from clearance.operations.permissions.names import expand, suggest

        if ":" not in pattern and set(pattern) != {"*"}:
            raise UsageError(f"`{pattern}` is not an action; write `service:Action` or a pattern")
        catalog = wiring.catalog()
        found = expand(catalog, pattern)
        near = [] if found else suggest(catalog, pattern.replace("*", ""))
        return answers.Actions(
            actions=[facts_of(catalog, action) for action in found[:limit]],
            total=len(found),
            didYouMean=list(near),
        )

    def _policy(self, given: str | dict[str, Any], kind: PolicyType, name: str) -> AttachedPolicy:
        text = _text(given)
        if text is not None:
            return inputs.policy_of(text, kind, name)
        return inputs.policy_of(inputs.read_text(self._root.path(str(given))), kind, str(given))

    def _policy_set(
        self, given: dict[Layer, list[str | dict[str, Any]]], action: str, resource: str
    ) -> PolicySet:
        from clearance.cli.check import trust_or_resource
        from clearance.decide import PolicySet

        def held(layer: Layer, kind: PolicyType | None = None) -> tuple[AttachedPolicy, ...]:
            return tuple(
                self._policy(each, kind or KINDS[layer], f"{layer} policy {number}")
                for number, each in enumerate(given.get(layer, ()), 1)
            )

        return PolicySet(
            identity=held("identity"),
            resource=held("resource", trust_or_resource(action, resource)) + held("trust"),
            boundary=held("boundary") if given.get("boundary") else None,
            session=held("session") if given.get("session") else None,
            scps=tuple((one,) for one in held("scp")),
            rcps=tuple((one,) for one in held("rcp")),
        )


def _text(given: str | dict[str, Any]) -> str | None:
    """A document's text; None for what is a path."""
    if isinstance(given, dict):
        return json.dumps(given, indent=2)
    return given if given.lstrip()[:1] in {"{", "["} else None


def _context(
    given: dict[str, str | list[str]] | None, absent: list[str] | None, unknown: list[str] | None
) -> Context:
    values = given or {}
    for key in (*values, *(absent or ()), *(unknown or ())):
        if ":" not in key:
            raise UsageError(f"`{key}` is not a context key; write `prefix:name`")
    return Context.of(values, absent=absent or (), unknown=unknown or ())
