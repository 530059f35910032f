"""What SDKs, tools and services put around AWS's sentence, and the facts they add to it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from re import IGNORECASE, Pattern
from re import compile as pattern

from clearance.explain.reading import Reading

__all__ = ["DENIAL_CODES", "Around", "Coded", "around", "coded"]

# "AccessDenied" and its relatives; the others are how single services spell it.
DENIAL_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccessDeniedFault",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Client.UnauthorizedOperation",
        "ForbiddenException",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "NotAuthorized",
        "UnauthorizedOperation",
        "UnauthorizedException",
    }
)
_CODE = r"(?P<code>[A-Z0-9][\w.]{1,80}?)"
_KNOWN = "|".join(sorted(DENIAL_CODES, key=len, reverse=True)).replace(".", r"\.")
_BEFORE = 700  # letters around a sentence in which its wrapper is looked for
_AFTER = 500


@dataclass(frozen=True, slots=True)
class Around:
    """The wrappers of one sentence, outermost first, and what they said."""

    wrappers: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coded:
    """An error code of a wrapper, where its message starts and ends in the text."""

    code: str
    operation: str | None
    start: int
    message: int
    end: int


def _p(words: str) -> Pattern[str]:
    return pattern(words.replace(" ", ""))


# (name, pattern without blanks). The last match before the sentence counts.
_PREFIXES = (
    ("aws-cli-v2", _p(r"aws: \[ERROR\]:")),
    (
        "botocore",
        _p(
            rf"An error occurred \({_CODE}\) when calling the (?P<operation>\w{{1,80}}?) "
            r"operation (?:\(reached max retries: \d{1,3}\))?:"
        ),
    ),
    (
        "botocore-old",
        _p(
            rf"A client error \({_CODE}\) occurred when calling the "
            r"(?P<operation>\w{1,80}?) operation:"
        ),
    ),
    (
        "go-v2",
        _p(
            r"operation error (?P<service>[A-Za-z0-9]{1,60}): (?P<operation>\w{1,80}),"
            r"(?:[a-z]{1,40},\d{1,3},)? https response error StatusCode: (?P<status>\d{3})"
            r"(?:, RequestID: (?P<request>[^,\s]{1,80}))?"
        ),
    ),
    ("go-v2", _p(rf"api error {_CODE}:")),
    ("ruby", _p(rf"Aws::(?P<service>\w{{1,60}})::Errors::(?P<code>(?:{_KNOWN}))")),
    ("php", _p(r"Error executing\"(?P<operation>\w{1,80})\"on\"https?:")),
    ("php", _p(rf"{_CODE}\(client\):")),
    ("dotnet", _p(r"Amazon\.(?P<service>[A-Za-z0-9]{1,60})\.(?:Model\.)?[A-Za-z0-9]{1,60}Exc")),
    ("rust", _p(rf"unhandled error \({_CODE}\)")),
    ("rust", _p(rf"code: Some\(\"{_CODE}\"\)|Error\{{code:\"(?P<rust>[\w.]{{1,80}})\"")),
    ("java", _p(r"(?:com\.amazonaws\.services|software\.amazon\.awssdk\.services)\.\w")),
    ("hadoop-s3a", _p(r"AccessDeniedException:s3[an]?://|org\.apache\.hadoop\.fs\.s3a")),
    ("spark", _p(r"org\.apache\.spark\.|py4j\.protocol")),
    ("json", _p(rf"\"?'?__type\"?'?: u?[\"'](?:[\w.]{{1,80}}#)?{_CODE}[\"']")),
    ("json", _p(rf"\"(?:Code|code|errorCode|ErrorCode)\":\"{_CODE}\"")),
    ("lambda", _p(r"\"errorMessage\":\"|\"errorType\":\"")),
    ("step-functions", _p(r"\"cause\":\"|\"Cause\":\"|States\.TaskFailed")),
    ("cloudtrail", _p(r"\"eventName\":\"(?P<operation>\w{1,80})\"")),
    ("sns-delivery", _p(r"\"providerResponse\":\"?")),
    ("appsync", _p(r"\"errorInfo\":|\"errorType\":\"[A-Za-z]{1,40}:[A-Za-z]{1,80}\"")),
    ("api-gateway-log", _p(r"Execution failed due to configuration error:|Endpoint response")),
    ("xml", _p(rf"<Code>{_CODE}</Code>")),
    ("cloudformation", _p(r"API: [a-z0-9-]{1,40}:(?P<operation>\w{1,80})$")),
    ("cloudformation", _p(r"Resource handler returned message:|CREATE_FAILED|UPDATE_FAILED")),
    ("cloudformation", _p(r"ValidationError: ?$")),
    ("cdk", _p(r"\u274c|(?:Stack|stack)[\w<>.-]{1,128} failed:|Deployment failed:|cdk deploy")),
    ("sam", _p(r"Failed to create(?:/update)?(?: the)? (?:stack|changeset)")),
    ("serverless", _p(r"Serverless(?:Error|: )|\u2716 ServerlessError|Serverless Error")),
    ("pulumi", _p(r"pulumi:pulumi:Stack|\d{1,3} error(?:s)? occurred:\*|error:deployment")),
    ("lambda-kms", _p(r"Lambda was unable to decrypt the environment variables")),
    ("github-actions", _p(r"Could not assume role with (?:user credentials|OIDC):")),
    ("aws-vault", _p(r"aws-vault: error:")),
    ("irsa", _p(r"WebIdentityErr|failed to retrieve credentials|refresh cached credentials")),
    ("kubernetes", _p(r"Warning Failed\w{1,40}|\"controller\":\"|level=error|Reconciler error")),
    ("code", _p(rf"(?P<code>(?:{_KNOWN})):")),
)
_SUFFIXES = (
    (
        "java-v1",
        _p(
            r"\(Service: (?P<service>[^;()]{1,60}); Status Code: (?P<status>\d{3}); "
            rf"Error Code: {_CODE}; (?:Request ID: (?P<request>[\w-]{{1,120}}))?"
        ),
    ),
    (
        "java-v2",
        _p(
            r"\(Service: (?P<service>[^,;()]{1,60}), Status Code: (?P<status>\d{3}), "
            r"Request ID: (?P<request>[\w-]{1,120})"
        ),
    ),
    ("java-v1", _p(r"\(Status Code: (?P<status>\d{3}); Error Code: (?P<code>\w{1,80})\)")),
    ("go-v1", _p(r"status code: (?P<status>\d{3}), request id: (?P<request>[\w-]{1,80})")),
    ("cloudformation", _p(r"\(RequestToken:")),
    ("cloudformation", _p(r"HandlerErrorCode: (?P<code>\w{1,60})")),
    ("ruby", _p(rf"\(Aws::(?P<service>\w{{1,60}})::Errors::{_CODE}\)")),
    ("js-v3", _p(r"'?\$fault'?: 'client'|\$metadata")),
    ("js-v2", _p(rf"code: '{_CODE}'|at Request\.extractError")),
    ("json", _p(rf"[\"']__type[\"']: u?[\"'](?:[\w.]{{1,80}}#)?{_CODE}[\"']")),
    ("json", _p(rf"\"(?:Code|code|errorCode|errorType)\":\"{_CODE}\"")),
    ("terraform", _p(r"on [\w./-]{1,120}\.tf line \d")),
    ("dotnet", _p(r"at Amazon\.Runtime\.|--->Amazon\.Runtime")),
)
# Codes that are no denial's by themselves, but that a denial may hide behind.
_DISGUISES = pattern(
    r"(?P<code>(?:Invalid\w{1,50}|Validation|ResourceNotFound|UnexpectedLambda)"
    r"(?:Exception|Error)):$"
)
_BOX = pattern("[\u2575\u2577]")  # a terraform message stands between these
_CODED = (
    _PREFIXES[1][1],
    _PREFIXES[2][1],
    _p(rf"api error {_CODE}:"),
    _p(rf"<Code>{_CODE}</Code>(?:<Message>)?"),
    _p(rf"(?P<code>(?:{_KNOWN})):"),
    _p(rf"(?P<code>(?:{_KNOWN}))\(client\):"),
    _p(rf"\[(?P<code>(?:{_KNOWN}))\](?!,|$)"),
    # CloudFormation's short form: `API: s3:PutBucketPolicy Access Denied`.
    _p(r"API: [a-z0-9-]{1,40}:(?P<operation>\w{1,80}?)(?=(?P<code>AccessDenied)(?![a-zA-Z]))"),
)
_MESSAGE_END = pattern(r"[\n<{}]|\((?=Service:|Status)|\"(?=[\s,}\]]|$)|$", IGNORECASE)
_LONGEST_MESSAGE = 300


def around(reading: Reading, start: int, end: int, *, after: int, before: int) -> Around:
    """What surrounds a sentence, up to the sentences before and after it.

    Positions are in ``tight``; ``after`` is where the previous sentence ended.
    """
    tight = reading.tight
    head = tight[max(after, start - _BEFORE) : start]
    tail = tight[end : min(before, end + _AFTER)]
    seen: list[tuple[int, str]] = []
    facts: dict[str, str] = {}
    for name, words in _PREFIXES:
        for last in deque(words.finditer(head), maxlen=1):
            seen.append((last.start(), name))
            _learn(facts, last.groupdict())
    for name, words in _SUFFIXES:
        first = words.search(tail)
        if first:
            seen.append((len(head) + first.start(), name))
            _learn(facts, first.groupdict())
    disguise = _DISGUISES.search(head)
    _learn(facts, disguise.groupdict() if disguise else {})
    begin = max(after, start - _BEFORE)
    left = reading.origin(reading.loose(begin - 1)) if begin else 0
    if _BOX.search(reading.raw, left, reading.origin(reading.loose(start))):
        seen.append((0, "terraform"))
    names = tuple(dict.fromkeys(name for _, name in sorted(seen)))
    return Around(names, facts)


def _learn(facts: dict[str, str], groups: Mapping[str, str | None]) -> None:
    for key, value in groups.items():
        if value:
            facts.setdefault({"rust": "code"}.get(key, key), value)


def coded(reading: Reading) -> list[Coded]:
    """Every wrapper whose code is a denial's, in order, with the message it introduces."""
    found = []
    for words in _CODED:
        for match in words.finditer(reading.tight):
            if match["code"] not in DENIAL_CODES and match["code"] != "403":
                continue
            operation = match.groupdict().get("operation")
            start = reading.loose(match.start())
            message = reading.loose(match.end())
            stop = _MESSAGE_END.search(reading.text, message, message + _LONGEST_MESSAGE)
            end = stop.start() if stop else min(message + _LONGEST_MESSAGE, len(reading.text))
            found.append(Coded(match["code"], operation, start, message, end))
    return sorted(found, key=lambda each: each.start)
