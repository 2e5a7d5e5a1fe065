"""Who finds room among the notes that wait, in a kitchen whose panel shows none for hours."""

import itertools

import pytest

from likelight_cloud.kitchens.waiting import Sender, Waiting

FLOOD, HOUSE = b"flood", b"house"


class Queue:
    """The notes of one kitchen that wait."""

    def __init__(self) -> None:
        self.senders: list[Sender] = []
        self._ids: list[str] = []
        self._waiting = Waiting()
        self._viewers = itertools.count()

    def restart(self) -> None:
        """The cloud starts again; the notes are in its database."""
        self._waiting = Waiting()

    def send(self, prefix: bytes) -> bool:
        """Send a note as a new viewer; return whether there is room."""
        sender = Sender(f"viewer {next(self._viewers)}", prefix)
        if not self._waiting.has_room(self._ids, sender):
            return False
        self._ids.append(f"note {len(self._ids)}")
        self._waiting.add(self._ids[-1], sender)
        self.senders.append(sender)
        return True


def test_ten_thousand_notes_from_one_address_leave_half_of_the_room() -> None:
    queue = Queue()
    assert sum(queue.send(FLOOD) for _ in range(10_000)) == 500
    assert sum(queue.send(HOUSE) for _ in range(100)) == 100


@pytest.mark.parametrize("prefixes", [1, 5, 20, 40, 1200])
def test_there_are_never_more_than_a_thousand_and_a_new_prefix_finds_what_is_left(
    prefixes: int,
) -> None:
    queue = Queue()
    for _ in range(1200 // prefixes):
        for prefix in range(prefixes):
            queue.send(prefix.to_bytes(2))
    waiting = len(queue.senders)
    assert waiting <= 1000
    assert queue.send(b"another") == (waiting < 1000)


def test_after_a_restart_of_the_cloud_what_waits_takes_room_and_counts_for_nobody() -> None:
    queue = Queue()
    assert sum(queue.send(FLOOD) for _ in range(1000)) == 500
    queue.restart()
    assert sum(queue.send(FLOOD) for _ in range(1000)) == 100
