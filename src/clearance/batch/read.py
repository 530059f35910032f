"""CloudTrail as it lies: JSON, gzip, JSON lines, and exports of tables as Parquet or CSV.

One file is held in memory at a time. What cannot be read is counted and skipped, never fatal.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec

from clearance.batch.exports import csv_rows, spelled
from clearance.batch.places import Place, opened, places_in, read_bytes
from clearance.explain.evidence import Json
from clearance.model.errors import UsageError

__all__ = ["Found", "Record", "files_in", "records", "value_in"]

# CloudTrail closes a file after some minutes or about 50 MB; this is for files joined by hand.
LARGEST: Final = 1 << 30
SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".gz", ".parquet", ".csv")
# Trail files, LookupEvents, EventBridge, CloudTrail Lake, and logs that carry any of them.
_NESTS: Final = ("Records", "Events", "CloudTrailEvent", "detail", "eventData", "message")
_DEEPEST: Final = 6
_NOTHING: Final = msgspec.Raw(b"null")
_GZIP: Final = b"\x1f\x8b"
_TOLD: Final = 20  # broken files that are named; all are counted


def _isal() -> Any:  # noqa: ANN401 - a module
    """What unpacks gzip in half of zlib's time, where it is installed."""
    try:
        from isal import isal_zlib  # noqa: PLC0415
    except ImportError:
        return None
    return isal_zlib


_ISAL: Final = _isal()


class Record(msgspec.Struct, gc=False, rename="camel"):
    """The members of a CloudTrail record that bear on authorization.

    The nested ones stay JSON: equal bytes mean equal things, so each text is read once.
    """

    event_name: Any = None
    event_source: Any = None
    event_time: Any = None
    event_type: Any = None
    aws_region: Any = None
    source_ip: Any = msgspec.field(default=None, name="sourceIPAddress")
    user_agent: Any = None
    error_code: Any = None
    error_message: Any = None
    vpc_endpoint_id: Any = None
    recipient_account_id: Any = None
    api_version: Any = None
    user_identity: msgspec.Raw = _NOTHING
    request_parameters: msgspec.Raw = _NOTHING
    resources: msgspec.Raw = _NOTHING
    tls_details: msgspec.Raw = _NOTHING
    response_elements: msgspec.Raw = _NOTHING
    event_id: Any = msgspec.field(default=None, name="eventID")


class _File(msgspec.Struct):
    records: list[Record] | None = msgspec.field(default=None, name="Records")


_FILE: Final = msgspec.json.Decoder(_File)
_RECORD: Final = msgspec.json.Decoder(Record)
_NAMES: Final = {name.lower(): name for name in Record.__struct_encode_fields__}
# Athena and Lake name columns in lower case; Lake's texts of these hold JSON or are structures.
_NESTED: Final = frozenset(
    {"userIdentity", "requestParameters", "resources", "tlsDetails", "responseElements"}
)


@dataclass(slots=True)
class Found:
    """What reading met; it fills up as records are read."""

    files: int = 0
    bytes: int = 0
    events: int = 0
    malformed: int = 0
    broken: int = 0
    problems: list[str] = field(default_factory=list)

    def skip(self, path: Place, problem: str) -> None:
        """Count a file that cannot be read, and say so of the first ones."""
        self.broken += 1
        if len(self.problems) < _TOLD:
            self.problems.append(f"`{path}` {problem}")

    def add(self, other: Found) -> None:
        """Count what somebody else met."""
        for name in ("files", "bytes", "events", "malformed", "broken"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.problems += other.problems[: _TOLD - len(self.problems)]


def value_in(raw: bytes) -> Json:
    """The value of a nested member; null where it is no JSON, which reading did not look into."""
    try:
        return cast("Json", msgspec.json.decode(raw))
    except msgspec.DecodeError:
        return None


def files_in(places: Iterable[str | Path]) -> tuple[Place, ...]:
    """The log files in some files, folders, globs and S3 prefixes, each once, in order.

    Raises:
        UsageError: a place holds nothing that could be a log.
    """
    return places_in(places, SUFFIXES)


def records(
    files: Iterable[Place], found: Found, *, done: Callable[[Place], None] | None = None
) -> Iterator[Record]:
    """The records of some files; ``done`` is told of each file that has been read."""
    for path in files:
        found.files += 1
        try:
            for record in _of_file(path, found):
                if isinstance(record.event_name, str) and isinstance(record.event_source, str):
                    found.events += 1
                    yield record
                else:
                    found.malformed += 1
        except (EOFError, zlib.error, gzip.BadGzipFile):
            found.skip(path, "is cut off or is not gzip")
        except OSError as error:
            found.skip(path, f"cannot be read: {error.strerror or error}")
        except (ValueError, RecursionError) as error:
            found.skip(path, f"is not CloudTrail's JSON: {error}")
        if done is not None:
            done(path)


def _of_file(path: Place, found: Found) -> Iterator[Record]:
    plain = path.name.removesuffix(".gz")
    if plain.endswith(".parquet"):
        yield from _parquet(path, found)
    elif plain.endswith((".jsonl", ".ndjson")):
        yield from _lines(path, found)
    elif plain.endswith(".csv"):
        yield from _csv(path, found)
    else:
        yield from _document(path, found)


def _document(path: Place, found: Found) -> Iterator[Record]:
    content = _content(path)
    found.bytes += len(content)
    try:
        made = _FILE.decode(content).records
    except msgspec.ValidationError:
        made = None
    except msgspec.DecodeError:
        # Firehose and CloudWatch's exports write one record a line, whatever the file's name.
        if content.count(b"\n", 0, -1):
            yield from _each_line(path, content.splitlines(), found)
            return
        raise
    if made is not None:
        yield from made
    else:
        yield from _nested(msgspec.json.decode(content))


def _content(path: Place) -> bytes:
    content = read_bytes(path, LARGEST + 1)
    if content[:2] == _GZIP:
        content = _unpacked(content)
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes; split it or write JSON lines")
    return content.removeprefix(b"\xef\xbb\xbf")


def _unpacked(content: bytes) -> bytes:
    """Gzip's content; zlib says of what is broken in which way it is."""
    if _ISAL is not None:
        with suppress(_ISAL.error, EOFError):
            return _parts(content, _ISAL.decompressobj)
    return _parts(content, zlib.decompressobj)


def _parts(content: bytes, decompressor: Callable[..., Any]) -> bytes:
    """One part after another, up to one byte more than may be."""
    found: list[bytes] = []
    left = LARGEST + 1
    while content and left > 0:
        packed = decompressor(wbits=31)
        found.append(packed.decompress(content, left))
        left -= len(found[-1])
        if left > 0 and not packed.eof:
            raise EOFError
        content = packed.unused_data.lstrip(b"\0")
    return found[0] if len(found) == 1 else b"".join(found)


@contextmanager
def _stream(path: Place) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if they are gzip, whatever the file is called."""
    with path.local.open("rb") if path.local else io.BytesIO(read_bytes(path, LARGEST + 1)) as file:
        start = file.read(2)
        file.seek(0)
        if start == _GZIP:
            with gzip.open(file) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield file


def _lines(path: Place, found: Found) -> Iterator[Record]:
    with _stream(path) as file:
        yield from _each_line(path, file, found)


def _csv(path: Place, found: Found) -> Iterator[Record]:
    with _stream(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
        for row in csv_rows(text):
            yield _record(row)
    found.bytes += path.size


def _each_line(path: Place, lines: Iterable[bytes], found: Found) -> Iterator[Record]:
    """Lines are broken one by one: the others are read."""
    bad = good = 0
    for line in lines:
        found.bytes += len(line)
        if not line.strip():
            continue
        try:
            record = _RECORD.decode(line)
            made = [record] if record.event_name else list(_nested(msgspec.json.decode(line)))
        except (ValueError, RecursionError):
            bad += 1
            continue
        good += 1
        yield from made
    if bad and not good:
        raise ValueError("no line is a JSON object")
    if bad:
        found.malformed += bad
        found.problems.append(f"`{path}` has {bad} lines that are not JSON")


def _nested(value: object, depth: int = 0) -> Iterator[Record]:
    """The records of a value in any of the shapes that events travel in."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)  # LookupEvents: JSON in JSON
    if isinstance(value, list):
        for each in value:
            yield from _nested(each, depth + 1)
    elif isinstance(value, dict):
        if "eventName" in value and "eventSource" in value:
            yield _record(value)
            return
        for nest in _NESTS:
            if isinstance(value.get(nest), list | dict | str):
                yield from _nested(value[nest], depth + 1)


def _record(row: Mapping[str, Any]) -> Record:
    """A record from a row whose names may be in lower case."""
    plain = {_NAMES.get(name.lower(), ""): value for name, value in row.items()}
    plain.pop("", None)
    for name in _NESTED.intersection(plain):
        plain[name] = spelled(name, plain[name])
    return _RECORD.decode(msgspec.json.encode(plain, enc_hook=str))


def _parquet(path: Place, found: Found) -> Iterator[Record]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            f"`{path}` is Parquet, which needs pyarrow; pip install clearance[logs]"
        ) from None
    try:
        with parquet.ParquetFile(opened(path)) as file:
            found.bytes += path.size
            columns = [name for name in file.schema_arrow.names if name.lower() in _NAMES]
            for batch in file.iter_batches(batch_size=8_192, columns=columns):
                for row in batch.to_pylist():
                    yield _record(row)
    except ArrowException as error:
        raise ValueError(str(error)) from None
