"""CloudTrail as it lies: files, folders and globs of JSON, gzip, JSON lines and Parquet.

One file is held in memory at a time. What cannot be read is counted and skipped, never fatal.
"""

from __future__ import annotations

import glob
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Final

import msgspec

from clearance.model.errors import UsageError

__all__ = ["Found", "Record", "files_in", "records"]

# CloudTrail closes a file after some minutes or about 50 MB; this is for files joined by hand.
LARGEST: Final = 1 << 30
SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".gz", ".parquet")
# Digests and Insights lie beside the events and hold none (CloudTrail User Guide, log file names).
_NO_EVENTS: Final = frozenset({"CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated"})
# Trail files, LookupEvents, EventBridge, CloudTrail Lake, and logs that carry any of them.
_NESTS: Final = ("Records", "Events", "CloudTrailEvent", "detail", "eventData", "message")
_DEEPEST: Final = 6
_NOTHING: Final = msgspec.Raw(b"null")
_TOLD: Final = 20  # broken files that are named; all are counted


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


class _File(msgspec.Struct):
    records: list[Record] | None = msgspec.field(default=None, name="Records")


_FILE: Final = msgspec.json.Decoder(_File)
_RECORD: Final = msgspec.json.Decoder(Record)
_NAMES: Final = {name.lower(): name for name in Record.__struct_encode_fields__}
# Athena and Lake name columns in lower case; Lake's texts of these hold JSON or are structures.
_NESTED: Final = frozenset({"userIdentity", "requestParameters", "resources", "tlsDetails"})


@dataclass(slots=True)
class Found:
    """What reading met; it fills up as records are read."""

    files: int = 0
    bytes: int = 0
    events: int = 0
    malformed: int = 0
    broken: int = 0
    problems: list[str] = field(default_factory=list)

    def skip(self, path: Path, problem: str) -> None:
        """Count a file that cannot be read, and say so of the first ones."""
        self.broken += 1
        if len(self.problems) < _TOLD:
            self.problems.append(f"`{path}` {problem}")


def files_in(places: Iterable[str | Path]) -> tuple[Path, ...]:
    """The log files in some files, folders and globs, each once, in order of their paths.

    Raises:
        UsageError: a place holds nothing that could be a log.
    """
    found: dict[Path, None] = {}
    for place in places:
        files = sorted(_files(Path(place), str(place)))
        if not files:
            raise UsageError(f"`{place}` holds no log files; give CloudTrail files or a folder")
        found.update(dict.fromkeys(files))
    return tuple(found)


def _files(path: Path, text: str) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        within = (p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        return [p for p in within if not _NO_EVENTS.intersection(p.relative_to(path).parts)]
    if glob.has_magic(text):
        matching = (Path(name) for name in glob.glob(text, recursive=True))  # noqa: PTH207 - absolute
        return [file for each in matching for file in _files(each, "")]
    raise UsageError(f"`{path}` does not exist; give CloudTrail files, a folder or a glob")


def records(
    files: Iterable[Path], found: Found, *, done: Callable[[Path], None] | None = None
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


def _of_file(path: Path, found: Found) -> Iterator[Record]:
    if path.suffix == ".parquet":
        yield from _parquet(path, found)
    elif path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        yield from _lines(path, found)
    else:
        yield from _document(path, found)


def _document(path: Path, found: Found) -> Iterator[Record]:
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


def _content(path: Path) -> bytes:
    with _opened(path) as file:
        content = bytes(file.read(LARGEST + 1))
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes; split it or write JSON lines")
    return content.removeprefix(b"\xef\xbb\xbf")


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """The file's bytes, unpacked if they are gzip, whatever the file is called."""
    with path.open("rb") as file:
        if file.peek(2)[:2] == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield unpacked
        else:
            yield file


def _lines(path: Path, found: Found) -> Iterator[Record]:
    with _opened(path) as file:
        yield from _each_line(path, file, found)


def _each_line(path: Path, lines: Iterable[bytes], found: Found) -> Iterator[Record]:
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
        if isinstance(plain[name], str):
            plain[name] = _json(plain[name])
    return _RECORD.decode(msgspec.json.encode(plain))


def _json(text: str) -> object:
    try:
        value: object = msgspec.json.decode(text)
    except ValueError:
        return None
    return value


def _parquet(path: Path, found: Found) -> Iterator[Record]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415
    except ImportError:
        raise UsageError(
            f"`{path}` is Parquet, which needs pyarrow; pip install clearance[logs]"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            found.bytes += path.stat().st_size
            columns = [name for name in file.schema_arrow.names if name.lower() in _NAMES]
            for batch in file.iter_batches(batch_size=8_192, columns=columns):
                for row in batch.to_pylist():
                    yield _record(row)
    except ArrowException as error:
        raise ValueError(str(error)) from None
