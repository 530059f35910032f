"""What services say instead of naming a principal and an action: one row per sentence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from re import IGNORECASE, Pattern
from re import compile as pattern

from clearance.explain.denial import Denial, Effect, Form
from clearance.explain.grammar import Found, policy_type_of
from clearance.explain.reading import Reading
from clearance.explain.sentence import FIXED

__all__ = ["service_texts"]


@dataclass(frozen=True, slots=True)
class _Row:
    form: Form
    words: Pattern[str]  # blanks left out
    more: Pattern[str] | None = None  # what may follow, blanks in


def _row(form: Form, words: str, more: str | None = None) -> _Row:
    compact = pattern(words.replace(" ", ""), IGNORECASE)
    return _Row(form, compact, pattern(more) if more else None)


_ROWS = (
    _row(
        Form.KMS_CLASSIC,
        r"The ciphertext refers to a customer master key that does not exist, "
        r"does not exist in this region, or you are not allowed to access\.?",
    ),
    _row(Form.ORGANIZATIONS, r"You don'?t have permissions to access this resource\.?"),
    _row(
        Form.FUNCTION_URL,
        r"Forbidden\. For troubleshooting Function URL authorization issues, see: "
        r"https://docs\.aws\.amazon\.com/lambda/latest/dg/urls-auth\.html",
    ),
    _row(
        Form.LOGS_DESTINATION,
        r"Could not execute the lambda function\. Make sure you have given CloudWatch Logs "
        r"permission to execute your function\.?",
    ),
    _row(Form.S3_NOTIFICATION, r"Unable to validate the following destination configurations"),
    _row(
        Form.SQS_LEGACY,
        r"Access to the resource (?:https?://[^\s\"'<>]{1,400}?) is denied\.?",
    ),
    _row(
        Form.LAMBDA_SERVICE,
        r"The role defined for the function cannot be assumed by Lambda\.?"
        r"|Cross-account log access is not allowed\.?"
        r"|Cross-account pass role is not allowed\.?"
        r"|The (?:provided|function) execution role does not have permissions to call",
        more=r"\s\w{1,80}\son\s\w{1,40}",
    ),
    _row(
        Form.LAMBDA_KMS,
        r"Lambda was unable to decrypt the environment variables because KMS access was "
        r"denied\.?(?: Please check the function'?s KMS key settings\.?)?",
    ),
    _row(
        Form.COGNITO_TRIGGER,
        r"(?:PreSignUp|PostConfirmation|PreAuthentication|PostAuthentication|CustomMessage"
        r"|DefineAuthChallenge|CreateAuthChallenge|VerifyAuthChallengeResponse"
        r"|PreTokenGeneration|UserMigration|CustomEmailSender|CustomSMSSender)"
        r" invocation failed due to error AccessDeniedException\.?",
    ),
    _row(
        Form.API_GATEWAY,
        r"Execution failed due to configuration error: Invalid permissions on Lambda function"
        r"|User is not authorized to access this resource(?: with an explicit deny"
        r"(?: in an? (?P<type>[a-z-]{1,30}?policy))?)?",
    ),
    _row(
        Form.LAKE_FORMATION,
        r"Insufficient Lake Formation permission\(s\)",
        more=r":?(?:\sRequired(?:\s[A-Z][A-Za-z]{1,20},?){1,4})?(?:\son\s[\w.*$/-]{1,200})?",
    ),
    _row(
        Form.SERVICE_ROLE,
        r"(?:Could not|Unable to|Failed to) assume (?:the )?(?:execution |service )?role "
        r"arn:[\w-]{1,20}:iam::[^:\s\"']{0,40}:role/[\w+=,.@/-]{1,200}"
        r"|Neither the API caller nor the execution role has the required permissions?",
    ),
    _row(Form.BARE, r"Access denied for operation", more=r"\s'[\w:.-]{1,120}'\.?"),
    _row(Form.DISGUISED, r"No S3 objects found under S3 URL"),
)
# The client is told these two words only; they say nothing unless they are all there is.
_ALONE = (
    _row(
        Form.S3_BARE,
        r"(?:\{?\"(?:errorMessage|Message)\":\"){0,8}Access Denied\.?[\"}]{0,16}",
    ),
    _row(
        Form.API_GATEWAY,
        r"\{\"message\":(?:\"Forbidden\"|null)\}|\{\"Message\":\"Forbidden\"\}",
    ),
)


def service_texts(reading: Reading) -> Iterator[Found]:
    """Every sentence of the table, in no particular order."""
    for row in _ROWS:
        for match in row.words.finditer(reading.tight):
            start, end = reading.loose(match.start()), reading.loose(match.end() - 1) + 1
            more = row.more.match(reading.text, end) if row.more else None
            found = _found(reading, row.form, start, more.end() if more else end)
            yield replace(found, denial=_stated(found.denial, match.groupdict().get("type")))
    for row in _ALONE:
        if row.words.fullmatch(reading.tight):
            yield _found(reading, row.form, 0, len(reading.text))


def _found(reading: Reading, form: Form, start: int, end: int) -> Found:
    text = " ".join(reading.text[start:end].split())
    denial = Denial(form) if form in FIXED else Denial(form, service_reason=text)
    return Found(denial, start, end)


def _stated(denial: Denial, words: str | None) -> Denial:
    """With the effect that API Gateway's authorizer answered."""
    if denial.form is Form.API_GATEWAY and "explicit deny" in (denial.service_reason or ""):
        kind = policy_type_of(words) if words else None
        return replace(denial, effect=Effect.EXPLICIT, policy_type=kind)
    return denial
