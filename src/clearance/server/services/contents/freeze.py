"""A thing of moto's as bytes, and back: pickle, with few classes, and names for what is elsewhere.

Unpickling runs code if the bytes are another's. These are sealed in the store and opened only if
the seal holds; beyond that nothing but data classes of moto's and a few of Python's may be named.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from clearance.model.errors import StoreError

__all__ = ["Unreadable", "freeze", "thaw"]

_LOCKS: Final = {
    type(threading.Lock()): "Lock",
    type(threading.RLock()): "RLock",
    threading.Condition: "Condition",
    threading.Event: "Event",
}
_PLAIN: Final = {
    f"{kind.__module__}.{kind.__qualname__}": kind
    for kind in (
        OrderedDict, Decimal, UUID, bytearray, complex, date, datetime, defaultdict, deque, dict,
        frozenset, int, list, set, str, timedelta, timezone, tuple,
    )
}  # fmt: skip
_MODULES: Final = ("moto.", "requests.structures", "werkzeug.datastructures")


class Unreadable(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """What was kept cannot be read by the moto that is installed."""


def freeze(thing: object, names: Mapping[int, tuple[str, ...]]) -> bytes:
    """The bytes of a thing; what ``names`` names (by its ``id``) is only referred to.

    Raises:
        Unreadable: it holds something that cannot be kept.
    """
    out = io.BytesIO()
    try:
        _Freezer(out, names).dump(thing)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise Unreadable(f"{type(thing).__name__} cannot be kept: {error}") from error
    return out.getvalue()


def thaw(content: bytes, find: Callable[[tuple[str, ...]], Any]) -> Any:  # noqa: ANN401
    """The thing; ``find`` gives what it refers to.

    Raises:
        Unreadable: it was written by another moto, or names what it may not.
    """
    try:
        return _Thawer(io.BytesIO(content), find).load()
    except Exception as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


class _Freezer(pickle.Pickler):
    def __init__(self, out: io.BytesIO, names: Mapping[int, tuple[str, ...]]) -> None:
        super().__init__(out, protocol=5)
        self._names = names
        self._backends: Any = import_module("moto.core.base_backend").BaseBackend

    def persistent_id(self, thing: Any) -> tuple[str, ...] | None:  # noqa: ANN401
        kind = type(thing)
        if kind is str or kind is dict:
            return None
        lock = _LOCKS.get(kind)
        if lock is not None:
            return ("lock", lock)
        if isinstance(thing, self._backends):
            service = kind.__module__.split(".")[1]
            return ("backend", service, thing.account_id, thing.region_name)
        name = self._names.get(id(thing))
        return None if name is None else ("thing", *name)

    def reducer_override(self, thing: Any) -> Any:  # noqa: ANN401
        if type(thing) is defaultdict and _is_local(thing.default_factory):
            return dict, (dict(thing),)
        if hasattr(thing, "private_bytes") and type(thing).__module__.startswith("cryptography."):
            return _private_key, (_der(thing),)
        return NotImplemented


class _Thawer(pickle.Unpickler):
    def __init__(self, content: io.BytesIO, find: Callable[[tuple[str, ...]], Any]) -> None:
        super().__init__(content)
        self._find = find

    def persistent_load(self, pid: Any) -> Any:  # noqa: ANN401
        if pid[0] == "lock":
            return getattr(threading, pid[1])()
        return self._find(tuple(pid))

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        plain = _PLAIN.get(f"{module}.{name}")
        if plain is not None:
            return plain
        if (module, name) == (__name__, _private_key.__name__):
            return _private_key
        if module.startswith(_MODULES):
            found: Any = import_module(module)
            for step in name.split("."):
                found = getattr(found, step)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"`{module}.{name}` may not be in what is kept")


def _is_local(factory: object) -> bool:
    return "<lambda>" in getattr(factory, "__qualname__", "")


def _der(key: Any) -> bytes:  # noqa: ANN401
    forms = import_module("cryptography.hazmat.primitives.serialization")
    content: bytes = key.private_bytes(
        forms.Encoding.DER, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    return content


def _private_key(content: bytes) -> Any:  # noqa: ANN401
    forms = import_module("cryptography.hazmat.primitives.serialization")
    return forms.load_der_private_key(content, None)
