"""Which cards were written for which store: a file that only grows, a line for each event.

A line is on the disk before anybody is told of what it says. A line that a kill has cut does not
count. Several runs may add to it at once.
"""

import fcntl
import os
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from likelight.fleet.flash.errors import FlashError
from likelight.runtime.atomic_file import sync_folder

CARDS: Final = "cards.jsonl"


class Event(StrEnum):
    """What has happened to a card."""

    BEGUN = "begun"
    """From here on it can't be used, until it is good."""
    GOOD = "good"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class CardLine(BaseModel):
    """One line; it holds no secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    store: str
    event: Event
    card: str
    """The number that this program gave to the card, anew at each writing."""
    disk: str
    """Path, model, size and serial of the disk that the card was in."""
    seed: str
    """The seed's SHA-256."""
    replaces: str = ""
    """The number that the card had before."""
    image: str = ""
    """The SHA-256 of the decompressed image, once all of it was read."""


class CardLedger:
    """The ledger `path`, a new one where there is none. Each call blocks, and raises
    `FlashError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: list[CardLine] = []
        self.read()

    def read(self) -> None:
        """Have in `lines` what other runs have added, too."""
        self._open(lambda file: self._parse(file.read()))

    def add(self, line: CardLine) -> None:
        """Have `line` on the disk."""

        def append(file: BinaryIO) -> None:
            # Others may have added lines since this run has read it, and a kill may have cut one.
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
            file.write(line.model_dump_json(exclude_defaults=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

        self._open(append)
        self.lines.append(line)

    def last_of(self, kid: str) -> CardLine | None:
        """Return the last event of the store `kid`."""
        return next((line for line in reversed(self.lines) if line.store == kid), None)

    def good_cards_of(self, kid: str) -> list[CardLine]:
        """Return the cards that are good for the store `kid`, as far as this ledger knows."""
        replaced = {line.replaces for line in self.lines}
        good = (line for line in self.lines if (line.store, line.event) == (kid, Event.GOOD))
        return [line for line in good if line.card not in replaced]

    def good_card(self, number: str | None) -> CardLine | None:
        """Return the line of the card `number`, where it is good for a store."""
        stores = {line.store for line in self.lines}
        cards = (line for kid in stores for line in self.good_cards_of(kid))
        return next((line for line in cards if line.card == number), None)

    def _parse(self, content: bytes) -> None:
        self.lines = []
        for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), 1):
            try:
                self.lines.append(CardLine.model_validate_json(line))
            except ValidationError:
                raise FlashError(
                    f"{self._path}, line {number} is none that this program wrote: move the file "
                    "away, or put the list into another folder"
                ) from None

    def _open(self, work: Callable[[BinaryIO], None]) -> None:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(self._path, flags, 0o600), "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                work(file)
            sync_folder(self._path.parent)
        except OSError as error:
            raise FlashError(f"{self._path} can't be written: {error.strerror}") from error
