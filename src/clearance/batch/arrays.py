"""What rows repeat, as Arrow's columns: each value once, and its number for every row."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "NO_TIME",
    "Met",
    "columns_of",
    "milliseconds",
    "moments",
    "repeated",
    "taken",
    "times_of",
]

NO_TIME: Final = -(1 << 63)


class Met(dict[Any, int]):
    """A number for each thing met, given out at first sight; ``texts`` says what it reads as.

    >>> met = Met(str.lower)
    >>> met["A"], met["B"], met["A"], met.texts
    (0, 1, 0, ['a', 'b'])
    """

    __slots__ = ("read", "texts")

    def __init__(self, read: Callable[[Any], str | None]) -> None:
        super().__init__()
        self.read = read
        self.texts: list[str | None] = []

    def __missing__(self, given: Any) -> int:  # noqa: ANN401 - whatever a record has
        """The number of what is new."""
        number = len(self.texts)
        self.texts.append(self.read(given))
        if given is None or isinstance(given, str | bytes):
            self[given] = number  # of other things unlike ones may be equal: 1 and True
        return number


def milliseconds(text: object) -> int:
    """A time since 1970; the lowest number for what is no time."""
    if not isinstance(text, str):
        return NO_TIME
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return NO_TIME
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def times_of(texts: Sequence[Any]) -> array[int]:
    """All at once, as they nearly always can be read; else one by one."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        found = pa.array(texts, pa.string()).cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return array("q", map(milliseconds, texts))
    if found.null_count:
        return array("q", map(milliseconds, texts))
    return array("q", found.to_numpy().tobytes())


def moments(times: Iterable[int]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Times in milliseconds as a column; null for what is no time."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import compute  # noqa: PLC0415

    held = array("q", times)
    found = pa.Array.from_buffers(pa.int64(), len(held), [None, pa.py_buffer(held)])
    known = compute.if_else(compute.equal(found, NO_TIME), None, found)
    return known.cast(pa.timestamp("ms", tz="UTC"))


def taken(column: Any, numbers: array[int]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Values of a column by their numbers, one for each row."""
    import pyarrow as pa  # noqa: PLC0415

    held = pa.Array.from_buffers(pa.int32(), len(numbers), [None, pa.py_buffer(numbers)])
    return column.take(held)


def repeated(values: Sequence[str | None], numbers: array[int]) -> Any:  # noqa: ANN401
    """Some values as a column, repeated as the rows repeat them."""
    import pyarrow as pa  # noqa: PLC0415

    return taken(pa.array(values, pa.string()).dictionary_encode(), numbers)


def columns_of(
    names: Iterable[str], bundles: Iterable[tuple[Any, ...]], numbers: array[int]
) -> Mapping[str, Any]:
    """The members of some bundles as columns, repeated as the rows repeat the bundles."""
    names = tuple(names)
    members = list(zip(*bundles, strict=True)) or [()] * len(names)
    return {n: repeated(values, numbers) for n, values in zip(names, members, strict=True)}
