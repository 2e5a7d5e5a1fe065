"""`likelight flash --to /dev/sdX`: a card from an image, its seed on it, and nothing believed that
was not read again."""

import contextlib
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit
from likelight.cli.flash_progress import Progress
from likelight.fleet.flash.block_device import BlockDevice, opened_disk
from likelight.fleet.flash.card import BLOCK, HEAD, card_number, write_card
from likelight.fleet.flash.card_ledger import CARDS, CardLedger, CardLine, Event
from likelight.fleet.flash.disks import Disk, find_card, read_lsblk
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.image import Image, check_sum, expected_sum, opened_image
from likelight.fleet.flash.packages import Packages
from likelight.runtime.clock import utc_now

if TYPE_CHECKING:
    from likelight.fleet.flash.orders import Order
    from likelight.fleet.stores.rows import StoreRow


@dataclass(frozen=True, slots=True)
class CardOptions:
    """What was typed."""

    disk: str
    image: Path
    sha256: str | None
    serial: str | None
    """The serial number that --yes names; None asks."""
    large: bool
    packages: Packages


def _opened(disk: Disk) -> AbstractContextManager[BlockDevice]:
    return opened_disk(Path(disk.path), BLOCK)


@dataclass(frozen=True, slots=True)
class Machine:
    """What flash finds on this computer, and whom it asks."""

    lsblk: Callable[[], str] = read_lsblk
    opened: Callable[[Disk], AbstractContextManager[BlockDevice]] = _opened
    ask: Callable[[str], str] = input
    now: Callable[[], datetime] = utc_now
    seconds: Callable[[], float] = time.monotonic
    random: Callable[[int], bytes] = secrets.token_bytes


def onto_cards(
    orders: "tuple[Order, ...]", options: CardOptions, folder: Path, machine: Machine
) -> Exit:
    """Write a card for each of `orders` that has none by the ledger in `folder`; one alone is
    written anew when somebody says so. Raises `FlashError`."""
    if len(orders) > 1 and options.serial is not None:
        raise FlashError("--yes is for one card: name its store with --store ID")
    find_card(options.disk, machine.lsblk(), 0, large=options.large)
    cards = _Cards(options, CardLedger(folder / CARDS), machine)
    if len(orders) == 1:
        cards.check_image()
        cards.write(orders[0])
        return Exit.DONE
    pending = [order for order in orders if not cards.has_one(order)]
    print(f"{len(orders) - len(pending)} of {len(orders)} stores have their card.")
    if pending:
        cards.check_image()
    for order in pending:
        # Another run, with another reader, may have been faster.
        if not cards.has_one(order):
            _wait(machine, order.store.kid)
            cards.write(order)
    return Exit.DONE


def _wait(machine: Machine, kid: str) -> None:
    try:
        machine.ask(f"Put in the card for {kid}, and press Enter: ")
    except EOFError:
        raise FlashError("nobody is there to put in cards: name one store, and --yes") from None


class _Cards:
    """Writes cards in one slot, from one image."""

    def __init__(self, options: CardOptions, ledger: CardLedger, machine: Machine) -> None:
        self._ledger = ledger
        self._options = options
        self._machine = machine
        self._progress = Progress(sys.stderr, machine.seconds)

    def has_one(self, order: "Order") -> bool:
        """Return whether a good card has what is ordered, and not an older row of the list or
        another code. Raises `FlashError`."""
        self._ledger.read()
        cards = self._ledger.good_cards_of(order.store.kid)
        return bool(cards) and order.seed().sha256 in {card.seed for card in cards}

    def check_image(self) -> None:
        """Compare the image with its checksum, where one is known. Raises `FlashError`."""
        image = self._options.image
        expected = expected_sum(image, self._options.sha256)
        if expected is None:
            print(
                f"No checksum of {image.name} is known, so nothing tells whether it is its maker's "
                f"(--sha256, or a file {image.name}.sha256 beside it)."
            )
        else:
            check_sum(image, expected, lambda done, of: self._progress("checked", done, of))

    def write(self, order: "Order") -> None:
        """Write the card of `order`. Raises `FlashError`."""
        seed = order.seed()
        with opened_image(self._options.image) as image:
            image.put(seed, self._options.packages)
            found = self._look(image)
            with self._machine.opened(found) as disk:
                head = _head(disk)
                before = card_number(head)
                self._agree(order.store, found, before)
                if (self._look(image), disk.size, _head(disk)) != (found, found.size, head):
                    raise FlashError(f"{found.path} is another disk now: type the same again")
                line = CardLine(
                    at=self._machine.now(),
                    store=seed.kid,
                    event=Event.BEGUN,
                    card=self._machine.random(8).hex(),
                    disk=str(found),
                    seed=seed.sha256,
                    replaces=before or "",
                )
                self._ledger.add(line)
                with self._noted(line):
                    write_card(disk, image, line.card, self._machine.random(16), self._progress)
                good = {"event": Event.GOOD, "image": image.sha256, "at": self._machine.now()}
                self._ledger.add(line.model_copy(update=good))
        print(f"{found.path} is the card of {seed.kid}, and all of it was read again. Eject it.")

    def _look(self, image: Image) -> Disk:
        lsblk, needed = self._machine.lsblk(), image.layout.end
        return find_card(self._options.disk, lsblk, needed, large=self._options.large)

    def _agree(self, store: "StoreRow", disk: Disk, before: str | None) -> None:
        """Return once somebody has agreed that all on `disk` is lost, which is the card `before`.

        Raises `FlashError`.
        """
        remarks = self._remarks(store.kid, before)
        if (serial := self._options.serial) is not None:
            if not disk.serial or serial != disk.serial:
                raise FlashError(f"--yes names another disk. This one is {disk}")
            if remarks:
                raise FlashError(" ".join((*remarks, "Without --yes it can be written.")))
            return
        last = self._ledger.last_of(store.kid)
        if last and last.event is not Event.GOOD:
            remarks.append(
                f"The last card for {store.kid} ({_when(last)}, {last.disk}) was {last.event}: it "
                "can't be used until it is written again."
            )
        print(*remarks, f"{disk}. All that is on it will be lost.", sep="\n")
        asked = f"Type {disk.name} to make it the card of {store.kid}, {store.name}: "
        try:
            typed = self._machine.ask(asked)
        except EOFError:
            raise FlashError(
                f"nobody has agreed, so nothing was written. For a script: --yes "
                f"{disk.serial or 'SERIAL'}"
            ) from None
        if typed.strip() != disk.name:
            raise FlashError(f"{disk.name} was not typed, so nothing was written")

    def _remarks(self, kid: str, before: str | None) -> list[str]:
        """Return what somebody should know who writes a card for the store `kid` over the card
        `before`."""
        remarks = [
            f"{kid} has a card already (written {_when(card)}, {card.disk}). Only the one that "
            "starts first can enrol: throw the other away."
            for card in self._ledger.good_cards_of(kid)
            if card.card != before
        ]
        if there := self._ledger.good_card(before):
            remarks.append(f"In the slot is the card of {there.store}, written {_when(there)}.")
        return remarks

    @contextlib.contextmanager
    def _noted(self, line: CardLine) -> Iterator[None]:
        """Note how writing a card has ended, where it was not good."""

        def note(event: Event) -> None:
            # Without a line of how it ended, the one that says it was begun counts.
            with contextlib.suppress(FlashError):
                self._ledger.add(
                    line.model_copy(update={"event": event, "at": self._machine.now()})
                )

        try:
            yield
        except FlashError as error:
            note(Event.FAILED)
            raise FlashError(f"{error}. Nothing boots from this card now") from error
        except KeyboardInterrupt:
            note(Event.INTERRUPTED)
            print("This card can't be used: nothing boots from it now.", file=sys.stderr)
            raise


def _head(disk: BlockDevice) -> bytes:
    try:
        return disk.read(0, HEAD)
    except OSError as error:
        raise FlashError(f"the card can't be read: {error.strerror}. Is it in?") from error


def _when(line: CardLine) -> str:
    return f"{line.at:%Y-%m-%d %H:%M} UTC"
