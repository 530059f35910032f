"""Keeps what calls change in moto: before a call is answered, what it changed is in the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from threading import RLock
from typing import Any, Final, TypeVar

from clearance.model.errors import StoreError
from clearance.server.services.behind import SERVED, backend
from clearance.server.services.contents.known import Known
from clearance.server.services.contents.looks import KINDS, all_contents, contents, things
from clearance.server.services.contents.shelves import KEPT, Root, root_of
from clearance.server.services.contents.thaw import thaw_all
from clearance.store.contents import Piece, Place
from clearance.store.port import ReadOnly, Store

__all__ = ["Keeper"]

T = TypeVar("T")
_TRIES: Final = 20
# A call that waits for messages must not make others wait.
_WAITS: Final = frozenset({("sqs", "ReceiveMessage")})


@dataclass(slots=True)
class Keeper:
    """The contents of one endpoint's other services."""

    store: Store
    _known: dict[Place, Known] = field(default_factory=lambda: defaultdict(Known))
    _guards: dict[tuple[str, str], RLock] = field(default_factory=lambda: defaultdict(RLock))

    def fill(self) -> list[Root]:
        """Put all that is kept into moto, which is empty; answers where something was."""
        self._known.clear()
        roots = thaw_all(list(self.store.contents()), self._known)
        for root in roots:
            self._known[root.place].adopt(all_contents(root))
        return roots

    def acting(
        self, service: str, account: str, region: str, operation: str, given: Mapping[str, Any],
        act: Callable[[], T],
    ) -> T:  # fmt: skip
        """Do something that may change contents; when it returns, what changed is kept.

        Raises:
            StoreError: it could not be kept.
        """
        self.refuse_changes()
        if SERVED.get(service) not in KINDS:
            return act()
        root = root_of(backend(service, account, region))
        if (service, operation) in _WAITS:
            result = act()
            with self._guards[root.service, account]:
                pieces, written = self._join(root, operation, given)
        else:
            with self._guards[root.service, account]:
                try:
                    result = act()
                finally:
                    pieces, written = self._join(root, operation, given)
        try:
            written()
        except StoreError:
            self.doubt(pieces)
            raise
        return result

    def changed(self, service: str, account: str) -> list[Piece]:
        """The things that differ from what is kept; to be committed with the estate."""
        if SERVED[service] not in KEPT:
            return []
        found: list[Piece] = []
        with self._guards[SERVED[service], account]:
            for root in _roots(SERVED[service], account):
                pieces = self._pieces(root, lambda root=root: things(root))  # type: ignore[misc]
                found += pieces
                shelf = KINDS.get(root.service, (None, ""))[1]
                new = [
                    p.place[4]
                    for p in pieces
                    if len(p.place) == 5 and p.place[3] == shelf and p.value is not None  # noqa: PLR2004
                ]
                found += self._pieces(root, lambda r=root, n=new: all_contents(r, n))  # type: ignore[misc]
        return found

    def doubt(self, pieces: Sequence[Piece]) -> None:
        """What was to be kept was not."""
        for piece in pieces:
            self._known[piece.place[:3]].doubt([piece])

    def refuse_changes(self) -> None:
        """Refuse what could not be kept, before it is done.

        Raises:
            ReadOnly: the store takes no changes.
        """
        if self.store.read_only:
            raise ReadOnly(f"nothing can be changed now: {self.store.read_only}")

    def _join(
        self, root: Root, operation: str, given: Mapping[str, Any]
    ) -> tuple[list[Piece], Callable[[], None]]:
        pieces = self._pieces(root, lambda: contents(root, operation, given))
        try:
            return pieces, self.store.keep(pieces) if pieces else lambda: None
        except StoreError:
            self.doubt(pieces)
            raise

    def _pieces(self, root: Root, looks: Callable[[], Any]) -> list[Piece]:
        """What differs; moto may be at work meanwhile, then it is looked at again."""
        known = self._known[root.place]
        for _ in range(_TRIES):
            try:
                return known.pieces(looks())
            except RuntimeError:  # "changed size during iteration"
                continue
        raise StoreError(f"what {root.service} holds changes too fast to be kept")


def _roots(service: str, account: str) -> Iterator[Root]:
    """The backends of an account that are in use."""
    found = import_module("moto.backends").get_backend(service)
    if account in found:
        for held in list(dict.values(found[account])):
            yield root_of(held)
