"""Which note the panel shows next: one that was asked for, or the oldest that waits."""

import logging

from likelight.appreciation.screens.models import NoteScreen
from likelight.appreciation.sync.device_file import StoredNote
from likelight.appreciation.sync.inbox import Inbox
from likelight.assets.crew_words import CrewWords
from likelight.contract import Catalogue

log = logging.getLogger(__name__)

_TEST_CODE = "\0test"
_MOST_WORDS = 500
"""Notes whose words are kept: a cloud may send other ones, at most 100 at a time, for years."""


class NoteQueue:
    """The notes of `inbox` in the words of `catalogue`, and a test note in the crew's `words`."""

    def __init__(self, inbox: Inbox, catalogue: Catalogue, words: CrewWords) -> None:
        self._inbox = inbox
        self._screens: dict[str, NoteScreen] = {}
        self.use(catalogue)
        self._test_screen = NoteScreen(words.test, "wrench", rtl=words.rtl)
        self._asked_for: str | None = None
        self._paused = False
        self._unknown_codes: set[str] = set()

    @property
    def asked_for(self) -> bool:
        """Somebody asked for a note that is shown at once, before all that wait."""
        return self._asked_for is not None

    def use(self, catalogue: Catalogue) -> None:
        """Show notes in the words of `catalogue` from now on.

        A code that it lacks keeps the words that it had, for a note that is on its way or is asked
        for again: what was sent is what the crew reads.
        """
        for note in catalogue.notes:
            self._screens.pop(note.code, None)
            self._screens[note.code] = NoteScreen(note.text, note.icon, rtl=catalogue.dir == "rtl")
        for code in list(self._screens)[:-_MOST_WORDS]:
            del self._screens[code]

    def pause(self) -> None:
        """Let notes wait, except those that somebody asks for."""
        self._paused = True

    def resume(self) -> None:
        """End the pause."""
        self._paused = False

    def ask_for_last(self) -> bool:
        """Ask for the last note that was shown; return False when there is none."""
        shown = (note.code for note in reversed(self._inbox.history) if note.code in self._screens)
        self._asked_for = next(shown, None)
        return self.asked_for

    def ask_for_test(self) -> None:
        """Ask for a note that says it is a test."""
        self._asked_for = _TEST_CODE

    def next_code(self, *, hold_back: bool) -> str | None:
        """Return the code of the note to show, None when there is none.

        With `hold_back` only a note that somebody asked for is shown.
        """
        if self._asked_for is not None:
            return self._asked_for
        if self._paused or hold_back:
            return None
        for note in self._inbox.waiting:
            if note.code in self._screens:
                return note.code
            if note.code not in self._unknown_codes:
                self._unknown_codes.add(note.code)
                log.warning("This device has no words for the note %s; update it", note.code)
        return None

    def screen(self, code: str) -> NoteScreen:
        """Return the screen for the `code` that `next_code` returned."""
        return self._screens.get(code, self._test_screen)

    def begin(self, code: str) -> list[StoredNote]:
        """The panel begins to show `code`: return every waiting note with it.

        All are shown at once, because equal words need no repetition.
        """
        self._asked_for = None
        return [note for note in self._inbox.waiting if note.code == code]
