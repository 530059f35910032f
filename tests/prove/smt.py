"""The same question put to an SMT solver: is there a request one document allows, another not?

The encoding starts from the JSON and shares no code with the prover: strings are z3's strings,
numbers and dates its reals, addresses bit vectors; a multivalued key has up to three values.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction
from ipaddress import ip_network
from typing import Any

import z3  # type: ignore[import-untyped]

NEGATED = {
    "StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike", "ArnNotLike": "ArnLike", "ArnNotEquals": "ArnEquals",
    "NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}  # fmt: skip
SLOTS = 3


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def regex(pattern: str, *, star: Any = None, any_one: Any = None) -> Any:
    any_one = z3.AllChar(z3.ReSort(z3.StringSort())) if any_one is None else any_one
    star = z3.Star(any_one) if star is None else star
    pieces = [
        star if c == "*" else any_one if c == "?" else z3.Re(z3.StringVal(c)) for c in pattern
    ]
    return concat(pieces)


def concat(pieces: list[Any]) -> Any:
    if not pieces:
        return z3.Re(z3.StringVal(""))
    return pieces[0] if len(pieces) == 1 else z3.Concat(*pieces)


def glob(text: Any, pattern: str) -> Any:
    if pattern == "*":
        return z3.BoolVal(val=True)
    if "*" not in pattern and "?" not in pattern:
        return text == z3.StringVal(pattern)
    return z3.InRe(text, regex(pattern))


def either(terms: list[Any]) -> Any:
    return z3.Or(*terms) if terms else z3.BoolVal(val=False)


class Key:
    """One context key with one value: absent, or a value of its type."""

    def __init__(self, name: str, family: str) -> None:
        self.family = family
        self.absent = z3.Bool(f"absent {name}")
        self.text = z3.String(f"text {name}")
        self.number = z3.Real(f"number {name}")
        self.valid = z3.Bool(f"valid {name}")
        self.version = z3.Int(f"version {name}")
        self.bits = z3.BitVec(f"bits {name}", 128)
        self.choice = z3.Int(f"choice {name}")

    def fits(self, base: str, wanted: str) -> tuple[Any, Any]:
        """Whether the value fits, and whether that cannot be told."""
        no = z3.BoolVal(val=False)
        if base == "StringEquals":
            return self.text == z3.StringVal(wanted), no
        if base == "StringLike":
            return glob(self.text, wanted), no
        if base == "StringEqualsIgnoreCase":
            letters = [
                z3.Union(z3.Re(c.lower()), z3.Re(c.upper())) if c.isalpha() else z3.Re(c)
                for c in wanted
            ]
            return z3.InRe(self.text, concat(letters)), no
        if base in {"ArnLike", "ArnEquals"}:
            return self._arn(wanted), no
        if base.startswith(("Numeric", "Date")):
            return self._number(base, wanted)
        if base == "IpAddress":
            return self._address(wanted)
        return self._choice(base, wanted)

    def _choice(self, base: str, wanted: str) -> tuple[Any, Any]:
        no = z3.BoolVal(val=False)
        if base == "Bool":
            return self.choice == {"true": 1, "false": 0}[wanted.lower()], no
        assert base == "BinaryEquals"
        if wanted not in {"YQ==", "Yg=="}:
            return no, z3.BoolVal(val=True)
        return self.choice == {"YQ==": 0, "Yg==": 1}[wanted], self.choice == 3

    def _arn(self, wanted: str) -> Any:
        narrow = z3.Intersect(
            z3.AllChar(z3.ReSort(z3.StringSort())), z3.Complement(z3.Re(z3.StringVal(":")))
        )
        parts = ["arn", *["*"] * 5] if wanted == "*" else wanted.split(":", 5)
        if len(parts) != 6 or parts[0] not in {"arn", "*"}:
            return z3.BoolVal(val=False)
        pieces = [z3.Re(z3.StringVal("arn"))]
        for part in parts[1:5]:
            pieces += [z3.Re(z3.StringVal(":")), regex(part, any_one=narrow)]
        return z3.InRe(self.text, concat([*pieces, z3.Re(z3.StringVal(":")), regex(parts[5])]))

    def _number(self, base: str, wanted: str) -> tuple[Any, Any]:
        date = base.startswith("Date")
        right = moment(wanted) if date else value(wanted)
        if right is None:
            return z3.BoolVal(val=False), z3.BoolVal(val=True)
        bound = z3.Q(right.numerator, right.denominator)
        compared = {
            "Equals": self.number == bound,
            "LessThan": self.number < bound,
            "LessThanEquals": self.number <= bound,
            "GreaterThan": self.number > bound,
            "GreaterThanEquals": self.number >= bound,
        }[base.removeprefix("Numeric").removeprefix("Date")]
        return z3.And(self.valid, compared), z3.Not(self.valid)

    def _address(self, wanted: str) -> tuple[Any, Any]:
        try:
            block = ip_network(wanted, strict=False)
        except ValueError:
            return z3.BoolVal(val=False), z3.BoolVal(val=True)
        low, high = int(block.network_address), int(block.broadcast_address)
        inside = z3.And(z3.ULE(low, self.bits), z3.ULE(self.bits, high))
        return z3.And(self.version == block.version, inside), z3.BoolVal(val=False)

    def sane(self) -> Any:
        small = z3.ULE(self.bits, (1 << 32) - 1)
        return z3.And(
            z3.Or(*(self.version == v for v in (0, 4, 6))),
            z3.Implies(self.version == 4, small),
            self.choice >= 0,
            self.choice <= 3,
        )

    def truth(self, base: str, wanted: list[str], *, negated: bool) -> tuple[Any, Any]:
        """TRUE and ERROR of one value against the wanted ones (R126)."""
        found = [self.fits(base, text) for text in wanted]
        yes = either([fits for fits, _ in found])
        policy_error = base.startswith(("Numeric", "Date", "Ip", "Binary"))
        errors = []
        for text, (_, error) in zip(wanted, found, strict=True):
            bad_policy = policy_error and self._is_bad(base, text)
            errors.append(z3.BoolVal(val=True) if bad_policy else error if negated else
                          z3.BoolVal(val=False))  # fmt: skip
        error = z3.And(z3.Not(yes), either(errors))
        return (z3.And(z3.Not(yes), z3.Not(error)), error) if negated else (yes, error)

    @staticmethod
    def _is_bad(base: str, wanted: str) -> bool:
        if base.startswith("Numeric"):
            return value(wanted) is None
        if base.startswith("Date"):
            return moment(wanted) is None
        if base == "IpAddress":
            return not re.fullmatch(r"[0-9a-f.:/]+", wanted) or wanted == "host"
        return base == "BinaryEquals" and wanted == "!"


def value(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except ValueError:
        return None


def moment(text: str) -> Fraction | None:
    if re.fullmatch(r"\d{4}", text):
        text = f"{text}-01-01T00:00:00Z"
    if re.fullmatch(r"\d+", text):
        return Fraction(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Fraction(int(found.astimezone(UTC).timestamp()))


class Model:
    """The variables of one request."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.action, self.resource = z3.String("action"), z3.String("resource")
        self.keys: dict[str, list[Key]] = {}
        self.present: dict[str, list[Any]] = {}
        for document in documents:
            for statement in listed(document["Statement"]):
                for name, keys in statement.get("Condition", {}).items():
                    for key in keys:
                        self._add(key, name)

    def _add(self, key: str, name: str) -> None:
        folded = key.lower()
        if folded not in self.keys:
            count = SLOTS if folded == "aws:tagkeys" else 1
            self.keys[folded] = [Key(f"{folded} {place}", name) for place in range(count)]
            self.present[folded] = [z3.Bool(f"present {folded} {place}") for place in range(count)]

    def condition(self, name: str, key: str, wanted: list[str], *, deny: bool) -> Any:
        slots, present = self.keys[key.lower()], self.present[key.lower()]
        absent = z3.Not(either(present))
        if name == "Null":
            return absent if wanted[0] == "true" else z3.Not(absent)
        quantifier, _, rest = name.rpartition(":")
        base = rest.removesuffix("IfExists")
        negated, if_exists = base in NEGATED, base != rest
        base = NEGATED.get(base, base)
        held = []
        for slot, there in zip(slots, present, strict=True):
            yes, error = slot.truth(base, wanted, negated=negated)
            held.append((there, z3.Or(yes, error) if deny else yes))
        if quantifier == "ForAllValues":
            there = z3.And(*(z3.Implies(p, h) for p, h in held))
        else:
            there = either([z3.And(p, h) for p, h in held])
        empty = if_exists or (quantifier == "ForAllValues" if quantifier else negated)
        return z3.If(absent, z3.BoolVal(val=empty), there)

    def statement(self, statement: dict[str, Any]) -> Any:
        deny = statement["Effect"] == "Deny"
        terms = []
        for name, text, fold in (("Action", self.action, True), ("Resource", self.resource, False)):
            negated = f"Not{name}" in statement
            found = listed(statement[f"Not{name}" if negated else name])
            one = either([glob(text, p.lower() if fold else p) for p in found])
            terms.append(z3.Not(one) if negated else one)
        for name, keys in statement.get("Condition", {}).items():
            for key, wanted in keys.items():
                terms.append(self.condition(name, key, listed(wanted), deny=deny))
        return z3.And(*terms)

    def allows(self, document: dict[str, Any]) -> Any:
        found: dict[str, list[Any]] = {"Allow": [], "Deny": []}
        for statement in listed(document["Statement"]):
            found[statement["Effect"]].append(self.statement(statement))
        return z3.And(either(found["Allow"]), z3.Not(either(found["Deny"])))

    def sane(self) -> Any:
        return z3.And(*(slot.sane() for slots in self.keys.values() for slot in slots))


def _question(a: dict[str, Any], b: dict[str, Any]) -> Any:
    model = Model(a, b)
    solver = z3.Solver()
    solver.add(model.sane(), model.allows(a), z3.Not(model.allows(b)))
    return solver


def script(a: dict[str, Any], b: dict[str, Any]) -> str:
    """The question as SMT-LIB, for other solvers."""
    found: str = _question(a, b).to_smt2()
    return found


def within(a: dict[str, Any], b: dict[str, Any], *, milliseconds: int = 5_000) -> bool | None:
    """Whether all that ``a`` allows is allowed by ``b``; None when the solver gave up."""
    solver = _question(a, b)
    solver.set("timeout", milliseconds)
    found = solver.check()
    return None if found == z3.unknown else found == z3.unsat
