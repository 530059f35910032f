"""The values of one context key, sorted into classes that no condition tells apart.

A class is found by asking the operators themselves (``match``) about one text of it, so that
proofs and decisions cannot disagree about a value; what is ours is which texts to ask about.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import islice, pairwise, product
from typing import Final

from clearance.match.operators import strings
from clearance.match.operators.addresses import network
from clearance.match.operators.dates import instant
from clearance.match.operators.mismatch import PolicyValueError, RequestValueError
from clearance.match.operators.numbers import number
from clearance.match.operators.presence import same_bytes
from clearance.match.operators.table import COMPARISONS
from clearance.match.truth import Truth
from clearance.model.glob import Token
from clearance.model.operators import OPERATORS, Family
from clearance.prove import patterns
from clearance.prove.effort import TooHardError
from clearance.prove.globs import contains, intersects, vectors, witness

__all__ = ["Domain", "Test", "domain_of"]


@dataclass(frozen=True, slots=True)
class Test:
    """What one condition asks of one value: an operator and the values it is compared with."""

    operator: str
    values: tuple[tuple[Token, ...], ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.operator, self.values)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def family(self) -> Family:
        """The type of what is compared."""
        return OPERATORS[self.operator].family

    def ask(self, actual: str) -> Truth:
        """Just what ``match`` says about a single value."""
        operator = OPERATORS[self.operator]
        fits = COMPARISONS[operator.positive].fits
        error = False
        for wanted in self.values:
            try:
                if fits(actual, wanted):
                    return Truth.of(not operator.negated)
            except PolicyValueError:
                error = True
            except RequestValueError:
                error = error or operator.negated
        return Truth.ERROR if error else Truth.of(operator.negated)

    @property
    def texts(self) -> tuple[str, ...]:
        """The wanted values as text."""
        return tuple(strings.literal(wanted) for wanted in self.values)


@dataclass(frozen=True, slots=True)
class Domain:
    """The classes of one key: a text of each, and by test which classes pass it.

    ``single``: a request has at most one value. ``exact`` is False when a class may be missing,
    for ``reason``.
    """

    key: str
    single: bool
    texts: tuple[str, ...]
    passes: dict[Test, tuple[int, int]] = field(compare=False)
    exact: bool = True
    reason: str = ""

    @property
    def full(self) -> int:
        """Every class."""
        return (1 << len(self.texts)) - 1

    def class_of(self, text: str) -> int | None:
        """The bit of the class a text belongs to."""
        asked = {test: test.ask(text) for test in self.passes}
        for place in range(len(self.texts)):
            bit = 1 << place
            if all(
                (truth is Truth.TRUE) == bool(yes & bit)
                and (truth is Truth.ERROR) == bool(error & bit)
                for test, truth in asked.items()
                for yes, error in (self.passes[test],)
            ):
                return bit
        return None


@lru_cache(maxsize=4096)
def domain_of(key: str, tests: tuple[Test, ...], *, single: bool) -> Domain:
    """The classes that a key's tests tell apart."""
    texts, reason = _candidates(tests)
    kept: dict[tuple[Truth, ...], str] = {}
    asks = [_quick(test) for test in tests]
    for text in texts:
        kept.setdefault(tuple(ask(text) for ask in asks), text)
    passes = {
        test: (
            sum(1 << bit for bit, row in enumerate(kept) if row[place] is Truth.TRUE),
            sum(1 << bit for bit, row in enumerate(kept) if row[place] is Truth.ERROR),
        )
        for place, test in enumerate(tests)
    }
    return Domain(key, single, tuple(kept.values()), passes, not reason, reason)


def _quick(test: Test) -> Callable[[str], Truth]:
    """``test.ask``, by look-up for the commonest operators."""
    operator = OPERATORS[test.operator]
    hit, miss = Truth.of(not operator.negated), Truth.of(operator.negated)
    if operator.positive == "StringEquals":
        exact = frozenset(test.texts)
        return lambda text: hit if text in exact else miss
    if operator.positive == "StringEqualsIgnoreCase":
        lower = frozenset(text.lower() for text in test.texts)
        return lambda text: hit if text.lower() in lower else miss
    return test.ask


def _candidates(tests: tuple[Test, ...]) -> tuple[list[str], str]:
    """Texts among which is one of every class, and why perhaps not."""
    literals = {
        text for t in tests if OPERATORS[t.operator].positive == "StringEquals" for text in t.texts
    }
    found: list[str] = []
    reasons: list[str] = []
    strings_, reason = _strings(tests, literals)
    typed = [row for row in _TYPED if any(t.family is row[0] for t in tests)]
    globs = any(t.family in {Family.STRING, Family.ARN} for t in tests) and not _plain(tests)
    for family, texts_of in typed:
        wanted = [text for t in tests if t.family is family for text in t.texts]
        texts, problem = texts_of(wanted, literals)
        found += texts
        reasons += [problem] if problem else []
    if len(typed) + globs > 1:
        reasons.append("one key is compared as values of several types")
    reasons += [reason] if reason else []
    return found + strings_, "; ".join(dict.fromkeys(reasons))


def _plain(tests: Iterable[Test]) -> bool:
    """True when strings are only compared letter by letter."""
    return all(
        OPERATORS[t.operator].positive == "StringEquals"
        for t in tests
        if t.family in {Family.STRING, Family.ARN}
    )


def _strings(tests: tuple[Test, ...], literals: set[str]) -> tuple[list[str], str]:
    texts = sorted(literals)
    texts.append(next(text for text in _names() if text not in literals))
    if _plain(tests):
        return texts, ""
    try:
        found = dict.fromkeys(p for t in tests for p in _patterns(t))
        return texts + [patterns.decode(t) for t in _string_classes(tuple(found))], ""
    except (TooHardError, patterns.UnencodableError) as error:
        return texts, str(error)


def _names() -> Iterator[str]:
    yield "example"
    yield from (f"example-{place}" for place in range(1, 1_000_000))


def _patterns(test: Test) -> Iterator[str]:
    positive = OPERATORS[test.operator].positive
    if test.family not in {Family.STRING, Family.ARN}:
        return
    for wanted in test.values:
        text = strings.literal(wanted)
        if positive == "StringEquals":
            yield patterns.encode(text)
        elif positive == "StringEqualsIgnoreCase":
            yield patterns.caseless(text)
        elif positive == "StringLike":
            yield patterns.of_tokens(wanted)
        elif (pattern := patterns.arn_pattern(wanted)) is not None:
            yield pattern


def _string_classes(found: tuple[str, ...]) -> Iterable[str]:
    """A string of every class: of each pattern without those inside it, where they are nested."""
    if not all(_nested(a, b) for place, a in enumerate(found) for b in found[:place]):
        return vectors(found)
    inside = {p: tuple(q for q in found if q != p and contains(p, q)) for p in found}
    texts = [witness((p,), inner) for p, inner in inside.items()]
    texts.append(witness(("*",), found))
    return [text for text in texts if text is not None]


def _nested(one: str, other: str) -> bool:
    return contains(one, other) or contains(other, one) or not intersects(one, other)


def _points(values: Iterable[Decimal]) -> tuple[list[Decimal], str]:
    """Each value, one between every two neighbours, one before and one after all."""
    ordered = sorted(set(values))
    with localcontext() as context:
        context.prec = 900
        between = [(a + b) / 2 for a, b in pairwise(ordered)]
        outer = [ordered[0] - 1, ordered[-1] + 1] if ordered else []
        exact = all(a < m < b for a, m, b in zip(ordered, between, ordered[1:], strict=False))
        exact = exact and (not ordered or (outer[0] < ordered[0] and ordered[-1] < outer[1]))
    return [*outer, *ordered, *between], "" if exact else "numbers with too many digits"


def _numbers(wanted: Iterable[str], taken: set[str]) -> tuple[list[str], str]:
    points, reason = _points(n for text in wanted if (n := number(text)) is not None)
    found = [_spelled(str(point), taken, number, point) for point in points]
    return _complete(found, reason)


def _dates(wanted: Iterable[str], taken: set[str]) -> tuple[list[str], str]:
    points, reason = _points(n for text in wanted if (n := instant(text)) is not None)
    found = [_spelled(_iso(point), taken, instant, point) for point in points]
    return _complete(found, reason)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _iso(point: Decimal) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=int(point))
    except OverflowError:
        return str(point)
    whole = point == point.to_integral_value()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if whole and moment.year > 999 else str(point)  # noqa: PLR2004


def _spelled(
    text: str, taken: set[str], read: Callable[[str], Decimal | None], point: Decimal
) -> str | None:
    """A way to write a number that is not one of the literals."""
    plain = f"{point:f}"
    padded = plain if "." in plain else f"{plain}."
    ways = (text, *(padded + "0" * count for count in range(1, len(taken) + 2)))
    return next((way for way in ways if way not in taken and read(way) == point), None)


def _complete(found: list[str | None], reason: str) -> tuple[list[str], str]:
    texts = [text for text in found if text is not None]
    return texts, reason or ("" if len(texts) == len(found) else "a number cannot be written")


_BITS: Final = {4: 32, 6: 128}
_WRITE: Final[dict[int, Callable[[int], object]]] = {4: IPv4Address, 6: IPv6Address}
# Addresses kept for documentation (RFC 5737, RFC 3849): a witness should look like one.
_NICE: Final = {4: int(IPv4Address("203.0.113.7")), 6: int(IPv6Address("2001:db8::7"))}


def _addresses(wanted: Iterable[str], taken: set[str]) -> tuple[list[str], str]:
    blocks = [block for text in wanted if (block := network(text)) is not None]
    found: list[str] = []
    for version, bits in _BITS.items():
        edges = {0, 1 << bits}
        for block in blocks:
            if block.version == version:
                edges |= {int(block.network_address), int(block.broadcast_address) + 1}
        ordered = sorted(edges)
        for low, end in pairwise(ordered):
            nice = [_NICE[version]] if low <= _NICE[version] < end else []
            inside = (str(_WRITE[version](n)) for n in (*nice, *range(low, min(end, low + 4096))))
            spelled = (text for text in inside if text not in taken)
            found += islice(spelled, 1)
    return found, "" if len(taken) < 4096 else "too many literals beside addresses"  # noqa: PLR2004


def _truths(wanted: Iterable[str], taken: set[str]) -> tuple[list[str], str]:
    del wanted
    found: list[str] = []
    for text in ("true", "false"):
        ways = ("".join(p) for p in product(*((c, c.upper()) for c in text)))
        found += islice((way for way in ways if way not in taken), 1)
    return found, ""


def _bytes(wanted: Iterable[str], taken: set[str]) -> tuple[list[str], str]:
    texts = list(dict.fromkeys(wanted))
    known = {text for text in texts if _is_base64(text)}
    other = (b64encode(f"example{n}".encode()).decode() for n in range(len(known) + 1))
    return [*known, next(text for text in other if text not in known)], (
        "one key is compared as bytes and as text" if taken else ""
    )


def _is_base64(text: str) -> bool:
    try:
        return same_bytes(text, (text,))
    except ValueError:
        return False


Texts = Callable[[Iterable[str], set[str]], tuple[list[str], str]]
_TYPED: Final[tuple[tuple[Family, Texts], ...]] = (
    (Family.NUMERIC, _numbers),
    (Family.DATE, _dates),
    (Family.IP_ADDRESS, _addresses),
    (Family.BOOL, _truths),
    (Family.BINARY, _bytes),
)
