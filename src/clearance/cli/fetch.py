"""Asking AWS itself: authorization details by their id, encoded messages by STS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.explain.evidence import Evidence

__all__ = ["details_of", "enriched"]


def enriched(found: tuple[Evidence, ...], region: str | None) -> tuple[Evidence, ...]:
    """The same denials, each with what AWS still knows of it.

    A denial that names an authorization id is replaced by AWS's own evaluations, one with an
    encoded message by what STS decodes; where AWS has nothing the text itself is kept.
    """
    return tuple(better for each in found for better in _ask(each, region))


def _ask(evidence: Evidence, region: str | None) -> tuple[Evidence, ...]:
    denial = evidence.denial
    if denial.authorization_id:
        more = _attempt("authorization details", details_of, denial.authorization_id, region)
    elif denial.encoded_message:
        more = _attempt("the encoded message", _decoded, denial.encoded_message, region)
    else:
        output.warn("this denial carries neither an authorization id nor an encoded message")
        return (evidence,)
    return more or (evidence,)


def _attempt(what: str, ask: Any, key: str, region: str | None) -> tuple[Evidence, ...]:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found: tuple[Evidence, ...] = ask(key, region)
    except (BotoCoreError, ClientError) as error:
        output.warn(f"AWS did not tell {what}: {error}")
        return ()
    return found


def details_of(authorization_id: str, region: str | None) -> tuple[Evidence, ...]:
    """What AWS recorded under an authorization id, which it keeps for a day."""
    from clearance.explain.inputs import from_authorization_details

    client = _client("iam-toolbox", region)
    whole: dict[str, Any] = {}
    for page in _pages(client, authorization_id):
        whole.setdefault("requestContext", page.get("requestContext"))
        for part in ("evaluations", "policies"):
            whole.setdefault(part, []).extend(page.get(part, ()))
    return from_authorization_details(whole, authorization_id)


def _pages(client: Any, authorization_id: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    token: dict[str, str] = {}
    while True:
        page = client.get_request_authorization_details(authorizationId=authorization_id, **token)
        yield page
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


def _decoded(message: str, region: str | None) -> tuple[Evidence, ...]:
    from clearance.explain.inputs import from_decoded_message

    answer = _client("sts", region).decode_authorization_message(EncodedMessage=message)
    return from_decoded_message({"DecodedMessage": answer["DecodedMessage"]})


def _client(service: str, region: str | None) -> Any:  # noqa: ANN401 - boto3 makes clients at run time
    try:
        import boto3
    except ImportError:
        raise UsageError("--fetch needs boto3; run `pip install 'clearance[serve]'`") from None
    make: Any = boto3.Session().client
    return make(service, region_name=region)
