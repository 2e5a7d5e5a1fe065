"""The words of notes that a panel keeps, while a cloud sends other ones."""

from pathlib import Path

from likelight.appreciation.panel.note_queue import NoteQueue
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.store import DeviceStore
from likelight.assets.crew_words import ENGLISH
from likelight.contract import Catalogue, CatalogueNote, NoteCode
from likelight.runtime.clock import utc_now


class NoLamp:
    def likes(self, delta: int, total: int) -> None: ...

    def welcome_back(self, delta: int, total: int) -> None: ...


def _catalogue(number: int) -> Catalogue:
    codes: list[NoteCode] = ["always", *(f"n{number}_{one}" for one in range(99))]
    notes = tuple(
        CatalogueNote(code=code, text=f"{code} in {number}", icon="heart", group="thanks")
        for code in codes
    )
    return Catalogue(lang="en", dir="ltr", version=str(number), notes=notes)


def test_words_of_notes_long_gone_are_forgotten_and_those_on_their_way_are_not(
    tmp_path: Path,
) -> None:
    store = DeviceStore(tmp_path / "store", kitchen="demo", now=utc_now)
    inbox = Inbox(
        store,
        NoLamp(),
        now=utc_now,
        on_desired=lambda _: None,
        on_viewers=lambda _: None,
        on_events=lambda: None,
        on_receipt=lambda: None,
    )
    queue = NoteQueue(inbox, _catalogue(0), ENGLISH)
    unknown = queue.screen("unknown")
    for number in range(1, 10):
        queue.use(_catalogue(number))
    kept = [queue.screen(f"n{number}_7") is not unknown for number in range(10)]
    assert kept == [False] * 5 + [True] * 5
    assert queue.screen("always").text == "always in 9"
