"""boto3 errors that explain themselves.

    session = explain_denials(boto3.Session(), estate="estate.json")
    session.client("lambda").invoke(FunctionName="orders")

An access-denied ``ClientError`` then has the explanation as ``error.clearance`` (a tuple, one
`Explanation` a denial) and as the last lines of ``str(error)``. Nothing is asked of AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MethodType
from typing import Any, Final, TypeVar, cast

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from clearance import wiring
from clearance.decide import identify
from clearance.explain import Explanation, explain_evidence
from clearance.explain.evidence import Evidence
from clearance.explain.inputs import from_client_error
from clearance.explain.prose import text
from clearance.model.errors import ClearanceError
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.model.request import Context, Request
from clearance.operations.call import Call, Ports
from clearance.operations.permissions.names import meant
from clearance.operations.permissions.required import required

__all__ = ["explain_denials", "explain_error", "requests_of"]

T = TypeVar("T")
Source = Estate | Path | str | Callable[[], Estate] | None
_EVENT: Final = "creating-client-class"
_ID: Final = "clearance-explain-denials"


def explain_denials(target: T, *, estate: Source = None) -> T:
    """Make a boto3 session (its future clients) or one client explain denials; answers it.

    ``estate`` is an `Estate`, the path of one, or a function that is called at each denial;
    without one the explanation says what the message alone proves.
    """
    load = _loader(estate)
    if isinstance(target, BaseClient):
        _wrap(target, load)
        return target
    events = getattr(target, "events", None)
    if events is None:  # botocore's own session
        events = cast("Any", target).get_component("event_emitter")

    def mixed(base_classes: list[type], **_: object) -> None:
        base_classes.insert(0, _mixin(load))

    events.register(_EVENT, mixed, unique_id=_ID)
    return target


def _loader(estate: Source) -> Callable[[], Estate | None]:
    if estate is None:
        return lambda: None
    if isinstance(estate, Estate):
        return lambda: estate
    if callable(estate):
        return estate
    path = Path(estate)
    return lambda: wiring.load_estate(path)


def _mixin(load: Callable[[], Estate | None]) -> type:
    class ExplainsDenials:
        """The client's own call, with denials explained."""

        def _make_api_call(self, operation_name: str, api_params: Mapping[str, Any]) -> Any:  # noqa: ANN401
            call = super()._make_api_call  # type: ignore[misc]
            return _explained(call, self, operation_name, api_params, load)

    return ExplainsDenials


def _wrap(client: Any, load: Callable[[], Estate | None]) -> None:  # noqa: ANN401
    call = client._make_api_call  # noqa: SLF001 - botocore offers no other place

    def explained(self: BaseClient, operation_name: str, api_params: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return _explained(call, self, operation_name, api_params, load)

    client._make_api_call = MethodType(explained, client)  # noqa: SLF001


def _explained(
    call: Callable[[str, Mapping[str, Any]], Any],
    client: Any,  # noqa: ANN401
    operation: str,
    given: Mapping[str, Any],
    load: Callable[[], Estate | None],
) -> Any:  # noqa: ANN401 - what the operation answers
    try:
        return call(operation, given)
    except ClientError as error:
        try:
            explain_error(error, load(), client=client, given=given)
        except ClearanceError as problem:  # the user's own error must not be hidden by ours
            error.add_note(f"clearance could not explain this: {problem}")
        raise


def explain_error(
    error: ClientError,
    estate: Estate | None,
    *,
    client: Any = None,  # noqa: ANN401 - any boto3 client
    given: Mapping[str, Any] | None = None,
) -> tuple[Explanation, ...]:
    """Explain a ``ClientError`` and attach what was found; nothing when it is no denial."""
    found = from_client_error(cast("dict[str, object]", error.response), error.operation_name)
    if not found:
        return ()
    explained = tuple(_one(each, estate, client, error.operation_name, given) for each in found)
    error.clearance = explained  # type: ignore[attr-defined]
    error.args = ("\n\n".join([str(error), *(text(each) for each in explained)]),)
    return explained


def _one(
    evidence: Evidence,
    estate: Estate | None,
    client: Any,  # noqa: ANN401
    operation: str,
    given: Mapping[str, Any] | None,
) -> Explanation:
    who = evidence.principal
    if estate is not None and who is None and client is not None:
        who = _caller(client, estate)
    also: tuple[Request, ...] = ()
    action, resource = evidence.action, evidence.resource
    if estate is not None and who is not None and client is not None:
        asked = requests_of(
            estate,
            identify(who, estate),
            client.meta.service_model.service_name,
            operation,
            given or {},
            client.meta.region_name,
        )
        main, also = _sorted(asked, evidence)
        action = action or (main.action if main else None)
        resource = resource or (main.resource if main else None)
    return explain_evidence(
        estate,
        evidence,
        now=wiring.now(),
        catalog=wiring.catalog(),
        meant=meant,
        principal=who,
        action=None if evidence.action else action,
        resource=None if evidence.resource else resource,
        also=also,
    )


def _sorted(
    asked: Iterable[Request], evidence: Evidence
) -> tuple[Request | None, tuple[Request, ...]]:
    """The permission that was denied, and the others of the call."""
    found = list(asked)
    action, resource = (evidence.action or "").lower(), evidence.resource
    main = next(
        (r for r in found if r.action.lower() == action and resource in {None, r.resource}),
        None if action else next(iter(found), None),
    )
    others = (
        r for r in found if r is not main and (r.action.lower(), r.resource) != (action, resource)
    )
    return main, tuple(others)


def requests_of(
    estate: Estate,
    principal: Principal,
    service: str,
    operation: str,
    given: Mapping[str, Any],
    region: str | None,
) -> tuple[Request, ...]:
    """Every permission that an API call with these parameters needs."""
    call = Call(
        principal, principal.account or "", region or "us-east-1", wiring.now(), _no_ports()
    )
    found = required(estate, call, service, operation, given, wiring.catalog())
    return tuple(
        Request(
            principal,
            each.action,
            each.resource,
            Context.of(each.context),
            each.resource_account,
        )
        for each in found
    )


def _no_ports() -> Ports:
    """Deriving permissions makes nothing, so it needs no ids and keeps no blobs."""
    return cast("Ports", object())


def _caller(client: Any, estate: Estate) -> str | None:  # noqa: ANN401
    """Whose access key the client signs with, where the estate knows the key."""
    credentials = client._request_signer._credentials  # noqa: SLF001 - nothing public tells
    key = getattr(credentials, "access_key", None)
    for account in estate.accounts.values():
        if key in account.root_keys:
            return account.root_arn
        for user in account.users.values():
            if key in user.keys:
                return account.user_arn(user)
    return None
