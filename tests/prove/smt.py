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
# Keys of the generator that AWS documents as single-valued, whatever they are asked with.
SINGLE = {
    "aws:currenttime", "aws:principaltag/team", "aws:securetransport", "aws:sourcearn",
    "aws:sourceip", "aws:userid", "aws:username",
}  # fmt: skip
VARIABLE = re.compile(r"\$\{(?:([*?$])|([^},]+)(?:, *'([^']*)')?)\}")


class UnsupportedError(Exception):
    """The question cannot be put to a solver."""


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

    def fits(self, model: Model, base: str, wanted: str) -> tuple[Any, Any]:
        """Whether the value fits, and whether that cannot be told."""
        no = z3.BoolVal(val=False)
        if "${" in wanted:
            if base not in {"StringEquals", "StringLike"}:
                raise UnsupportedError
            return model.template(self.text, wanted), no
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

    def truth(
        self, model: Model, base: str, wanted: list[str], *, negated: bool
    ) -> tuple[Any, Any]:
        """TRUE and ERROR of one value against the wanted ones (R126)."""
        found = [self.fits(model, base, text) for text in wanted]
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
        conditions = [
            (key, name)
            for document in documents
            for statement in listed(document["Statement"])
            for name, keys in statement.get("Condition", {}).items()
            for key in keys
        ]
        quantified = {key.lower() for key, name in conditions if name.startswith("For")}
        for key, name in (*conditions, ("aws:username", "String"), ("aws:userid", "String")):
            folded = key.lower()
            many = folded == "aws:tagkeys" or (folded in quantified and folded not in SINGLE)
            self._add(folded, name, SLOTS if many else 1)

    def _add(self, folded: str, name: str, count: int) -> None:
        if folded not in self.keys:
            self.keys[folded] = [Key(f"{folded} {place}", name) for place in range(count)]
            self.present[folded] = [z3.Bool(f"present {folded} {place}") for place in range(count)]

    def template(self, text: Any, pattern: str) -> Any:
        """Whether a text fits a pattern with variables, which must come before any wildcard."""
        defined: list[Any] = []
        pieces: list[Any] = []
        at = 0
        for found in VARIABLE.finditer(pattern):
            pieces += self._plain(pattern[at : found.start()])
            at = found.end()
            character, key, default = found.groups()
            if character:
                pieces.append(z3.StringVal(character))
                continue
            value, there = self.keys[key.lower()][0].text, self.present[key.lower()][0]
            if default is None:
                defined.append(there)
                pieces.append(value)
            else:
                pieces.append(z3.If(there, value, z3.StringVal(default)))
        rest = pattern[at:]
        open_ended = rest.endswith("*")
        pieces += self._plain(rest.removesuffix("*"))
        whole = z3.Concat(*pieces) if len(pieces) > 1 else pieces[0]
        fits = z3.PrefixOf(whole, text) if open_ended else text == whole
        return z3.And(*defined, fits)

    @staticmethod
    def _plain(piece: str) -> list[Any]:
        if "*" in piece or "?" in piece:
            raise UnsupportedError
        return [z3.StringVal(piece)] if piece else []

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
            yes, error = slot.truth(self, base, wanted, negated=negated)
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
            one = either([self._one(text, p.lower() if fold else p) for p in found])
            terms.append(z3.Not(one) if negated else one)
        for name, keys in statement.get("Condition", {}).items():
            for key, wanted in keys.items():
                terms.append(self.condition(name, key, listed(wanted), deny=deny))
        return z3.And(*terms)

    def _one(self, text: Any, pattern: str) -> Any:
        if pattern == "arn:aws:s3:::*${*}":
            return z3.And(
                z3.PrefixOf(z3.StringVal("arn:aws:s3:::"), text),
                z3.SuffixOf(z3.StringVal("*"), text),
                z3.Length(text) >= len("arn:aws:s3:::") + 1,
            )
        return self.template(text, pattern) if "${" in pattern else glob(text, pattern)

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
    try:
        solver = _question(a, b)
    except UnsupportedError:
        return None
    solver.set("timeout", milliseconds)
    found = solver.check()
    return None if found == z3.unknown else found == z3.unsat


def cvc5_within(a: dict[str, Any], b: dict[str, Any], *, milliseconds: int = 10_000) -> bool | None:
    """The same question in SMT-LIB, as z3 writes it, put to cvc5."""
    import cvc5  # not installed for the tests: bench/agree.py asks it

    try:
        text = script(a, b)
    except UnsupportedError:
        return None
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(milliseconds))
    solver.setOption("strings-exp", "true")
    solver.setLogic("ALL")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "question")
    symbols, answer = parser.getSymbolManager(), ""
    while (command := parser.nextCommand()) and not command.isNull():
        answer = str(command.invoke(solver, symbols)).strip() or answer
    return {"unsat": True, "sat": False}.get(answer)
