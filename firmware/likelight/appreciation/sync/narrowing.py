"""Finds which part of a status the cloud can't take (422), so that it is not sent for ever."""

import logging
from enum import Enum, auto

from likelight.contract import Health, NoteReceipt, Status

log = logging.getLogger(__name__)


class _Receipts(Enum):
    """How many of the receipts that are due go into the next status."""

    ALL = auto()
    NONE = auto()
    ONE = auto()


class Narrowing:
    """Decides what goes into the next status, by how the cloud answered those before.

    A refused status is sent again without receipts. If that is taken, the receipts follow one by
    one, and one that is refused is dropped. If not, all that the contract lets a device leave out
    is left out until the next start, which an update brings.
    """

    def __init__(self) -> None:
        self._receipts = _Receipts.ALL
        self._bare = False

    @property
    def searching(self) -> bool:
        """Whether receipts are held back to find one that is refused."""
        return self._receipts is not _Receipts.ALL

    def narrowed(self, status: Status) -> Status:
        """Return the part of `status` that is to be sent."""
        most = {_Receipts.ALL: None, _Receipts.NONE: 0, _Receipts.ONE: 1}[self._receipts]
        status = status.model_copy(update={"notes": status.notes[:most]})
        if not self._bare:
            return status
        return status.model_copy(
            update={
                "cursor": None,
                "light": status.light.model_copy(update={"last_lit_at": None}),
                "thanks": None,
                "catalogue": None,
                "health": Health(sw=status.health.sw),
            }
        )

    def taken(self, sent: Status) -> None:
        """The cloud took `sent`."""
        if self._receipts is _Receipts.NONE:
            self._receipts = _Receipts.ONE
        elif not sent.notes:
            self._receipts = _Receipts.ALL

    def refused(self, sent: Status) -> NoteReceipt | None:
        """The cloud can't take `sent`; return the receipt that has to be dropped, if it is one."""
        if sent.notes and self._receipts is _Receipts.ALL:
            self._receipts = _Receipts.NONE
        elif sent.notes:
            log.error(
                "The cloud can't take the receipt of the note %s: it is dropped, and the sender "
                "never gets it",
                sent.notes[0].id,
            )
            return sent.notes[0]
        elif not self._bare:
            self._bare = True
            log.error(
                "The cloud can't take this device's status: thanks, times and figures are left out "
                "until the next start. Update whichever of the two is older"
            )
        return None
