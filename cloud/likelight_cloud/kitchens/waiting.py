"""Whose notes wait for a kitchen's panel: a flood from one network must leave room for the others.

An accepted note is never dropped for another one, so the room is shared when a note is sent. The
first half goes to the viewers who come first. After that a viewer may have one note waiting, and an
address prefix a quarter of what is still free: a flood from one network has no more than that half,
and a viewer from another one finds room until there is none at all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

MOST_WAITING = 1000
"""A device may drop notes of the same words above that (CONTRACT.md, rule 8)."""
CROWDED = MOST_WAITING // 2
PREFIX_SHARE = 4
"""An address prefix may have one note of so many that are still free: of the last 500, that is the
100 guests of a restaurant behind one address."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a note: the viewer's token, and a keyed hash of the address prefix."""

    viewer: str
    prefix: bytes


class Waiting:
    """The senders of one kitchen's notes that wait.

    In memory: after a restart of the cloud the notes from before it take room, and count for no
    viewer and no prefix.
    """

    __slots__ = ("_senders", "_underway")

    def __init__(self) -> None:
        self._senders: dict[str, Sender] = {}
        self._underway: dict[str, str] = {}
        """By their keys: notes that are being stored."""

    def has_room(self, waiting: Sequence[str], sender: Sender) -> bool:
        """Return whether `sender` may add a note, while those with the ids `waiting` wait."""
        self._senders = {id: self._senders[id] for id in waiting if id in self._senders}
        if len(waiting) < CROWDED:
            return True
        known = self._senders.values()
        of_prefix = sum(other.prefix == sender.prefix for other in known)
        of_viewer = any(other.viewer == sender.viewer for other in known)
        return not of_viewer and of_prefix * PREFIX_SHARE < MOST_WAITING - len(waiting)

    def underway(self, key: str) -> bool:
        """Return whether the note under `key` is being stored."""
        return key in self._underway

    @property
    def ids_underway(self) -> tuple[str, ...]:
        """The notes that are being stored, perhaps already."""
        return tuple(self._underway.values())

    @contextmanager
    def storing(self, id: str, key: str, sender: Sender) -> Iterator[None]:
        """Have the note `id` counted while it is being stored, unless an equal request does so."""
        if key in self._underway:
            yield
            return
        self._underway[key] = id
        self.add(id, sender)
        try:
            yield
        finally:
            del self._underway[key]

    def forget(self, viewer: str) -> None:
        """Keep the token of `viewer` no more; its notes still count for its prefix."""
        for id, sender in self._senders.items():
            if sender.viewer == viewer:
                self._senders[id] = Sender("", sender.prefix)

    def add(self, id: str, sender: Sender) -> None:
        """Remember that `sender` sent the note `id`."""
        self._senders[id] = sender
