"""The grammar of "is not authorized to perform": principal, action, resource, context.

Phrases are found in the text without blanks, because a terminal may break a line anywhere;
names are cut from the text with blanks. Every pattern is bounded and every name has a
greatest length, so that the work is linear in the text.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from re import IGNORECASE, Match
from re import compile as pattern

from clearance.explain.denial import Denial, Effect, Form, PolicyType, Principal
from clearance.explain.reading import Reading
from clearance.explain.sentence import FEDERATED_ACTIONS, SERVICE_REASONS

__all__ = ["Found", "policy_type_of", "sentences"]

_LONGEST = 2400  # letters of an ARN, with room for what hides in it

_ANCHOR = pattern(r"(?:is|are)?not?authori[sz]edtoperform(?P<colon>:)?", IGNORECASE)
_NEXT = pattern(
    r"[\"'.,\u2026]{0,5}(?:on(?:the)?resources?(?:\(s\))?(?P<named>:|(?!associated))"
    r"|(?P<ciphertext>ontheresourceassociatedwiththisciphertext)"
    r"|(?P<context>with(?:an)?explicitdeny|because))",
    IGNORECASE,
)
_CONTEXT = pattern(r"[\"'.,)\u2026]{0,5}(?=with(?:an)?explicitdeny|because)", IGNORECASE)
_TYPES = (
    (PolicyType.IDENTITY_BASED, r"identity-?based(?:iam)?(?:policy|policies)?"),
    (PolicyType.RESOURCE_BASED, r"resource-?based(?:policy|policies)?"),
    (PolicyType.PERMISSIONS_BOUNDARY, r"permissions?boundar(?:y|ies)(?:policy)?"),
    (PolicyType.SESSION, r"sessions?(?:policy|policies)"),
    (PolicyType.SERVICE_CONTROL, r"servicecontrol(?:policy|policies)"),
    (PolicyType.RESOURCE_CONTROL, r"resourcecontrol(?:policy|policies)"),
    (PolicyType.VPC_ENDPOINT, r"vpc-?endpoint(?:policy|policies)?"),
    (PolicyType.ROLE_TRUST, r"(?:role)?trust(?:policy|policies)"),
)
_TYPE = "|".join(words for _, words in _TYPES)
_EACH_TYPE = tuple((kind, pattern(words, IGNORECASE)) for kind, words in _TYPES)
_EXPLICIT = pattern(
    rf"with(?:an)?explicitdeny(?:(?:in|from|by)(?:an|a|the)?(?P<type>{_TYPE})"
    rf"(?:transitivelythrough(?:an|a|the)?(?P<via>{_TYPE}))?)?",
    IGNORECASE,
)
_IMPLICIT = pattern(rf"because(?:thereisno|no)(?P<type>{_TYPE})", IGNORECASE)
_ALLOWS = pattern(r"allows?(?:the)?[\w:*-]{1,160}?action", IGNORECASE)
_REASON_END = pattern(
    r"\.(?=[\s\"']|$)|[\"{}<>]|\((?=Service:|Status)|\n(?=\s*at |status code)|status code:|$",
    IGNORECASE,
)
_AUTHORIZATION = pattern(
    r"[.\"']{0,3}Gotohttps://[a-z0-9-]{1,40}\.[a-z0-9.-]{1,60}/iam/home\?region="
    r"(?P<region>[a-z0-9-]{1,40})#?/?authorization-details/(?P<id>[0-9A-Za-z]{1,64}?)"
    r"forcompletedetails(?:,orcalltheGetRequestAuthorizationDetailsAPIwiththefollowing"
    r"authorizationid:(?P=id))?",
    IGNORECASE,
)
_ACTION = pattern(r"[A-Za-z0-9-]{1,63}:[A-Za-z0-9*]{1,128}")
_BROKEN_ACTION = pattern(r"[A-Za-z0-9-]{1,63}\n[A-Za-z0-9-]{0,63}:[A-Za-z0-9*]{1,128}")
_IAM_NAMED = pattern(
    r"(?:role|user|group|policy path|policy|instance profile|server certificate|mfa device"
    r"|signing certificate|access key|saml provider|login profile)\s(?=\S)",
    IGNORECASE,
)
# One name: blanks only inside brackets, where authors write `<account id>` or `[redacted]`.
_NAME = pattern(
    r"(?:<(?![/!]|br)[^<>\n\"]{1,80}>|\[[^\[\]\n\"]{1,80}\]|\{[^{}\n\"]{1,80}\}"
    r"|[^\s\"'<>\[{]|<(?![/!]|br)|[\[{](?!\")){1,2400}",
    IGNORECASE,
)
_SPACED_COLON = pattern(r" ?: ?")  # `arn:aws:iam::xxxx :user/ana`: hand-redacted
_BRACKETED = pattern(r"<[^<>]{1,80}>|\[[^\[\]]{1,80}\]|\{[^{}]{1,80}\}")
_SPEAKS_FOR_ITSELF = pattern(
    r"arn:\S{3,2400}|<[^<>]{1,80}>|[a-z0-9.-]{1,80}\.amazonaws\.com(?:\.cn)?|anonymous",
    IGNORECASE,
)
_BLOB = pattern(r"[A-Za-z0-9_-]+(?:\n[A-Za-z0-9_-]+(?=\s|$|[.\"'])(?![ ]))*")
_ENCODED = pattern(r"[.\"']{0,3}Encodedauthorizationfailuremessage:", IGNORECASE)
_EC2 = pattern(r"Youarenotauthorizedtoperformthisoperation\.?", IGNORECASE)
_ARN_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A denial and the place of its sentence in the reading's ``text``."""

    denial: Denial
    start: int
    end: int


def policy_type_of(words: str) -> PolicyType | None:
    """The policy type that these words, blanks left out, name."""
    return next((kind for kind, each in _EACH_TYPE if each.fullmatch(words)), None)


def sentences(reading: Reading) -> Iterator[Found]:
    """Every "is not authorized to perform" and every EC2 text, from left to right."""
    anchors = list(_ANCHOR.finditer(reading.tight))
    bare = {match.end(): match.start() for match in _EC2.finditer(reading.tight)}
    pending = deque(sorted(bare))
    done = 0
    for index, anchor in enumerate(anchors):
        limit = len(reading.tight)
        if index + 1 < len(anchors):
            limit = anchors[index + 1].start()
        found = _Sentence(reading, anchor, done, limit).found()
        if found is None:
            continue
        begin = reading.squeezed(found.start)
        while pending and pending[0] <= begin:
            end = pending.popleft()
            if begin - end <= len('"User:'):  # EC2 says both: one denial
                begin = bare[end]
            else:
                yield _bare_ec2(reading, bare[end], end)
        if begin != reading.squeezed(found.start) or _is_ec2(found.denial):
            denial = replace(found.denial, form=Form.EC2)
            found = _encoded(reading, Found(denial, reading.loose(begin), found.end))
        done = reading.squeezed(found.end)
        yield found
    for end in pending:
        yield _bare_ec2(reading, bare[end], end)


def _is_ec2(denial: Denial) -> bool:
    return (denial.action or "").startswith("ec2:")


def _bare_ec2(reading: Reading, start: int, end: int) -> Found:
    place = reading.loose(end - 1) + 1
    return _encoded(reading, Found(Denial(Form.EC2), reading.loose(start), place))


def _encoded(reading: Reading, found: Found) -> Found:
    """The encoded message that EC2 adds, when it follows."""
    label = _ENCODED.match(reading.tight, reading.squeezed(found.end))
    if not label:
        return found
    start = reading.loose(label.end())
    between = reading.text[reading.loose(label.end() - 1) + 1 : start]
    blob = _BLOB.match(reading.text, start)
    if not blob or len(blob[0]) < 16:  # noqa: PLR2004 - shorter is a word, not a message
        return replace(found, end=start - len(between))
    message = "".join(blob[0].split())
    return Found(replace(found.denial, encoded_message=message), found.start, blob.end())


class _Sentence:
    """One sentence, read from its anchor outwards."""

    def __init__(self, reading: Reading, anchor: Match[str], done: int, limit: int) -> None:
        self.reading = reading
        self.text = reading.text
        self.tight = reading.tight
        self.anchor = anchor
        self.done = done
        self.limit = limit
        self.end = reading.loose(anchor.end() - 1) + 1

    def found(self) -> Found | None:
        """The denial, or None where the words are only talked about."""
        federated = self._federated()
        if federated:
            return federated
        action = self._action()
        if action is None:
            return None
        start, principal = self._principal()
        denial = self._rest(Denial(Form.CLASSIC, principal, action))
        if self.text.endswith("**", 0, start) and (denial.resource or "").endswith("**"):
            # the whole sentence was set in bold
            denial = replace(denial, resource=(denial.resource or "")[:-2])
            self.end -= 2
        return Found(denial, start, self.end)

    def _federated(self) -> Found | None:
        for action in FEDERATED_ACTIONS:
            here = self.tight.startswith(action, self.anchor.end())
            if here and self.anchor[0].lower().startswith("not"):
                start = self.reading.loose(self.anchor.start())
                self._advance(self.anchor.end() + len(action))
                return Found(Denial(Form.STS_FEDERATED, action=action), start, self.end)
        return None

    def _advance(self, tight_end: int) -> None:
        self.end = self.reading.loose(tight_end - 1) + 1

    # who

    def _principal(self) -> tuple[int, Principal | None]:
        start = self.anchor.start()
        label = self.tight.rfind("User:", max(self.done, start - _LONGEST), start)
        stop = self.reading.loose(start)
        if label >= 0:
            place = self.reading.loose(label)
            name = _joined(self.text[self.reading.loose(label + 4) + 1 : stop])
            if name and _plausible(name):
                return place, Principal(name)
        before = self.text[max(0, stop - _LONGEST) : stop].split()
        last = before[-1].strip("\"'([,") if before else ""
        bracket = before[-1].endswith(">") if before else False
        if bracket and "<" not in last:
            last = "<" + self.text[max(0, stop - 80) : stop].rstrip().rpartition("<")[2]
        if _SPEAKS_FOR_ITSELF.fullmatch(last):
            return stop - 1 - len(last), Principal(last)
        return stop, None

    # what

    def _action(self) -> str | None:
        begin = self.reading.loose(self.anchor.end())
        until = _NEXT.search(self.tight, self.anchor.end(), self.anchor.end() + 200)
        if until:
            whole = self.text[begin : self.reading.loose(until.start())].strip()
            joined = "".join(whole.split()).strip("\"'[].,")
            if " " not in whole and _ACTION.fullmatch(joined):
                self._advance(until.start())
                return joined
        token = _ACTION.match(self.text, begin + (self.text[begin : begin + 1] in "\"'["))
        token = token or _BROKEN_ACTION.match(self.text, begin)
        if not token:
            return None
        self.end = token.end()
        return token[0].replace("\n", "")

    # on what, and why

    def _rest(self, denial: Denial) -> Denial:
        following = _NEXT.match(self.tight, self.reading.squeezed(self.end))
        if following is None:
            return self._closing(denial)
        if following["context"]:
            return self._closing(self._because(denial, following.start("context")))
        self._advance(following.end())
        if following["ciphertext"]:
            denial = replace(denial, form=Form.KMS_CIPHERTEXT)
        else:
            denial = replace(denial, resource=self._resource(denial.action or ""))
        context = _CONTEXT.match(self.tight, self.reading.squeezed(self.end))
        if context:
            denial = self._because(denial, context.end())
        return self._closing(denial)

    def _resource(self, action: str) -> str | None:
        begin = self.reading.loose(self.reading.squeezed(self.end))
        quote = self.text[begin : begin + 1]
        if quote in {'"', "'"}:
            close = self.text.find(quote, begin + 1, begin + _LONGEST)
            if close > 0:
                self.end = close + 1
                return _joined(self.text[begin + 1 : close]) or None
        named = _IAM_NAMED.match(self.text, begin) if action.startswith("iam:") else None
        name = _NAME.match(self.text, named.end() if named else begin)
        context = _CONTEXT.search(
            self.tight,
            self.reading.squeezed(begin),
            min(self.limit, self.reading.squeezed(begin) + _LONGEST),
        )
        stop = self.reading.loose(context.start()) if context else -1
        if stop >= 0 and not (name and name.end() >= stop):
            whole = self.text[begin:stop]
            if _one_name(whole):
                self.end = stop
                return _joined(whole) or None
        if not name:
            return None
        self.end = begin + len(_trimmed(self.text[begin : name.end()]))
        resource = self._continued(begin)
        return "*" if resource == "*" else resource or None

    def _continued(self, begin: int) -> str:
        """The name up to here, and what of it a terminal moved to the next line."""
        name = self.text[begin : self.end]
        while name.startswith("arn:"):
            cut = name.count(":") < _ARN_FIELDS - 1
            colon = ":" if cut and self.text.startswith(":\n", self.end) else ""
            line_end = self.end + len(colon)
            more = _NAME.match(self.text, line_end + 1)
            broken = self.text[line_end : line_end + 1] == "\n"
            if not (broken and more and (cut or self._full_line())):
                break
            added = _trimmed(more[0])
            self.end = more.start() + len(added)
            name += colon + added
        return " ".join(name.split())

    def _full_line(self) -> bool:
        """Did this line end where the one before it did, in the middle of the sentence?"""
        raw, end = self.reading.raw, self.reading.origin(self.end)
        start = raw.rfind("\n", max(0, end - _LONGEST), end) + 1
        before = raw.rfind("\n", max(0, start - _LONGEST), max(0, start - 1)) + 1
        broken = start > self.reading.origin(self.reading.loose(self.anchor.start()))
        return broken and raw[end : end + 1] == "\n" and end - start == start - 1 - before

    def _because(self, denial: Denial, place: int) -> Denial:
        explicit = _EXPLICIT.match(self.tight, place)
        if explicit:
            self._advance(explicit.end())
            kind = explicit["type"] and policy_type_of(explicit["type"])
            via = explicit["via"] and policy_type_of(explicit["via"])
            form = Form.ENHANCED if kind else Form.CLASSIC
            denial = replace(denial, form=form, effect=Effect.EXPLICIT, policy_type=kind or None)
            return replace(denial, via=via or None, policy_arn=self._policy_arn())
        implicit = _IMPLICIT.match(self.tight, place)
        if implicit:
            self._advance(self._allows(implicit.end(), denial.action or ""))
            kind = policy_type_of(implicit["type"])
            return replace(denial, form=Form.ENHANCED, effect=Effect.IMPLICIT, policy_type=kind)
        return self._reason(denial, place + len("because"))

    def _allows(self, place: int, action: str) -> int:
        whole = f"allowsthe{action}action"
        if self.tight.startswith(whole, place):
            return place + len(whole)
        other = _ALLOWS.match(self.tight, place)
        return other.end() if other else place

    def _policy_arn(self) -> str | None:
        place = self.reading.squeezed(self.end)
        if not self.tight.startswith((":arn:", ":<"), place):
            return None
        begin = self.reading.loose(place + 1)
        name = _NAME.match(self.text, begin)
        if not name:
            return None
        self.end = begin + len(_trimmed(name[0]))
        return self._continued(begin)

    def _reason(self, denial: Denial, place: int) -> Denial:
        for reason in SERVICE_REASONS.values():
            known = "".join(reason.split())
            if self.tight.startswith(known, place):
                self._advance(place + len(known))
                return replace(denial, form=_reasoned(denial), service_reason=reason)
        begin = self.reading.loose(place)
        stop = _REASON_END.search(self.text, begin, begin + 600)
        end = stop.start() if stop else min(begin + 600, len(self.text))
        reason = " ".join(self.text[begin:end].split()).rstrip(".,;")
        if not reason:
            return denial
        self.end = end
        return replace(denial, form=_reasoned(denial), service_reason=reason)

    def _closing(self, denial: Denial) -> Denial:
        details = _AUTHORIZATION.match(self.tight, self.reading.squeezed(self.end))
        if not details:
            return denial
        self._advance(details.end())
        return replace(denial, authorization_id=details["id"], region=details["region"])


def _reasoned(denial: Denial) -> Form:
    kept = denial.form is Form.KMS_CIPHERTEXT
    return Form.KMS_CIPHERTEXT if kept else Form.SERVICE_REASON


def _joined(words: str) -> str:
    """An ARN without the blanks that line breaks left in it; any other name with single ones."""
    whole = "".join(words.split())
    if not whole.startswith("arn:"):
        known = "\n" in words and _SPEAKS_FOR_ITSELF.fullmatch(whole)
        return whole if known else " ".join(words.split()).strip("\"'")
    words = _SPACED_COLON.sub(":", words)
    kept = _BRACKETED.sub(lambda hidden: hidden[0].replace(" ", "\0"), words)
    return "".join(kept.split()).replace("\0", " ").strip("\"'")


def _plausible(name: str) -> bool:
    """Could this be one caller's name, or is it a sentence?"""
    return len(_BRACKETED.sub("x", name).split()) <= 3 and ". " not in name  # noqa: PLR2004


def _one_name(words: str) -> bool:
    """Is all of this, up to the context, the name of the resource?"""
    if len(words) > _LONGEST or any(sign in words for sign in '"{}') or ". " in words:
        return False
    if "".join(words[:16].split()).startswith("arn:"):
        return " " not in _SPACED_COLON.sub(":", _BRACKETED.sub("x", words)).strip()
    return len(words) <= 200 and ("(Service" not in words)  # noqa: PLR2004


def _trimmed(name: str) -> str:
    """The name without the punctuation of the sentence around it."""
    while name:
        if name.endswith(("...", "\u2026")):
            return name
        last = name[-1]
        opening = {")": "(", "]": "[", "}": "{", ">": "<"}.get(last)
        if last in ".,;:!|\\" or (opening and name.count(opening) < name.count(last)):
            name = name[:-1]
        else:
            return name
    return name
