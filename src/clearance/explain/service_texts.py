"""What services say instead of naming a principal and an action: one row per sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from re import Match

from clearance.explain.denial import Denial, Effect, Form, Principal
from clearance.explain.grammar import Found, policy_type_of
from clearance.explain.no_policy import NO_POLICY
from clearance.explain.reading import Reading
from clearance.explain.sentence import FIXED
from clearance.explain.service_roles import SERVICE_ROLES
from clearance.explain.wording import Wording, wording

__all__ = ["service_texts"]

_ROWS = (
    wording(
        Form.KMS_CLASSIC,
        r"The ciphertext refers to a customer master key that does not exist, "
        r"does not exist in this region, or you are not allowed to access\.?",
    ),
    wording(Form.ORGANIZATIONS, r"You don'?t have permissions to access this resource\.?"),
    wording(
        Form.FUNCTION_URL,
        r"Forbidden\. For troubleshooting Function URL authorization issues, see: "
        r"https://docs\.aws\.amazon\.com/lambda/latest/dg/urls-auth\.html",
    ),
    wording(
        Form.LOGS_DESTINATION,
        r"Could not execute the lambda function\. Make sure you have given CloudWatch Logs "
        r"permission to execute your function\.?",
    ),
    wording(Form.S3_NOTIFICATION, r"Unable to validate the following destination configurations"),
    wording(
        Form.SQS_LEGACY,
        r"Access to the resource (?:https?://[^\s\"'<>]{1,400}?) is denied\.?",
    ),
    wording(
        Form.LAMBDA_SERVICE,
        r"The role defined for the function cannot be assumed by Lambda\.?"
        r"|Cross-account log access is not allowed\.?"
        r"|Cross-account pass role is not allowed\.?"
        r"|The (?:provided|function) execution role does not have permissions to call",
        more=r"\s\w{1,80}\son\s\w{1,40}",
    ),
    wording(
        Form.LAMBDA_KMS,
        r"Lambda was unable to decrypt the environment variables because KMS access was "
        r"denied\.?(?: Please check the function'?s KMS key settings\.?)?",
    ),
    wording(
        Form.COGNITO_TRIGGER,
        r"(?:PreSignUp|PostConfirmation|PreAuthentication|PostAuthentication|CustomMessage"
        r"|DefineAuthChallenge|CreateAuthChallenge|VerifyAuthChallengeResponse"
        r"|PreTokenGeneration|UserMigration|CustomEmailSender|CustomSMSSender)"
        r" invocation failed due to error AccessDeniedException\.?",
    ),
    wording(
        Form.API_GATEWAY,
        r"Execution failed due to configuration error: Invalid permissions on Lambda function"
        r"|User(?:: arn:[^\s\"']{1,200}?)? is not authorized to access this resource"
        r"(?: with an explicit deny"
        r"(?: in an? (?P<type>[a-z-]{1,30}?policy))?)?",
    ),
    wording(
        Form.LAKE_FORMATION,
        r"Insufficient Lake Formation permission\(s\)",
        more=r":?(?:\sRequired(?:\s[A-Z][A-Za-z]{1,20},?){1,4})?(?:\son\s[\w.*$/-]{1,200})?",
    ),
    wording(
        Form.SERVICE_ROLE,
        r"(?:Could not|Unable to|Failed to) assume (?:the )?(?:execution |service )?role "
        r"arn:[\w-]{1,20}:iam::[^:\s\"']{0,40}:role/[\w+=,.@/-]{1,200}"
        r"|Neither the API caller nor the execution role has the required permissions?",
    ),
    wording(Form.BARE, r"Access denied for operation", more=r"\s'[\w:.-]{1,120}'\.?"),
    wording(Form.DISGUISED, r"No S3 objects found under S3 URL"),
    # The SDK for Java puts the code behind the message.
    wording(
        Form.S3_BARE,
        r"Access Denied (?=\(Service: (?:Amazon )?S3[;,] Status Code: 403)"
        r"|(?<=AmazonS3Exception:)Access Denied",
    ),
    *SERVICE_ROLES,
    *NO_POLICY,
)
# The client is told these two words only; they say nothing unless they are all there is.
_ALONE = (
    wording(
        Form.S3_BARE,
        r"(?:\{?\"(?:errorMessage|Message)\":\"){0,8}Access Denied\.?[\"}]{0,16}",
    ),
    wording(
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
            told = {**match.groupdict(), "role": _role(reading, match)}
            yield replace(found, denial=_stated(found.denial, row, told))
    for row in _ALONE:
        if row.words.fullmatch(reading.tight):
            yield _found(reading, row.form, 0, len(reading.text))


def _role(reading: Reading, match: Match[str]) -> str | None:
    """The role's ARN: without blanks nobody can tell where it ends, so they are looked at again."""
    if not match.groupdict().get("role"):
        return None
    first, last = reading.loose(match.start("role")), reading.loose(match.end("role") - 1)
    role = ""
    for piece in reading.text[first : last + 1].partition(" ")[0].split():
        role += piece
        if piece[-1] in ".,'\"":  # the sentence ends; else the line was broken inside the ARN
            break
    return role.rstrip(".,'\"")


def _found(reading: Reading, form: Form, start: int, end: int) -> Found:
    text = " ".join(reading.text[start:end].split())
    denial = Denial(form) if form in FIXED else Denial(form, service_reason=text)
    return Found(denial, start, end)


def _stated(denial: Denial, row: Wording, told: Mapping[str, str | None]) -> Denial:
    """With what the words tell: the authorizer's effect, or which service took up which role."""
    if denial.form is Form.API_GATEWAY and "explicit deny" in (denial.service_reason or ""):
        words = told.get("type")
        kind = policy_type_of(words) if words else None
        return replace(denial, effect=Effect.EXPLICIT, policy_type=kind)
    caller = told.get("caller") or row.caller
    if denial.form is Form.SERVICE_ROLE and caller is not None:
        return replace(
            denial,
            principal=Principal(caller.lower()),
            action="sts:AssumeRole",
            resource=told.get("role"),
        )
    return denial
