"""What a viewer's page acknowledges, and how long its pictures therefore wait on the way.

A proxy takes all that it is given, so that the transport, its buffers and TCP tell nothing of the
line behind it. Only what the page says to have received does.
"""

from collections import deque
from collections.abc import Callable, Iterable
from math import inf
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

QUEUE_S = 0.5
"""A page whose oldest message waits longer than this, beyond what the line needs, gets no more."""

MOST_ACKS = 40
"""Messages that one text acknowledges at most."""

_LEAST_OVER_S = 60.0
_JITTER_S = 0.15  # the page gathers acknowledgements for 0.1 s
_RATE_OVER_S = 1.5
_SHORTEST_RATE_S = 0.3
_MOST_UNDER_WAY = 256  # a page that acknowledges never has so many; for others only these are kept


class Acks(BaseModel):
    """The page's text: the number of each binary message, from 1 on, and when it came.

    The time is the page's `performance.now()` in ms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    acks: Annotated[
        tuple[tuple[Annotated[int, Field(ge=1, le=2**53 - 1)], float], ...],
        Field(min_length=1, max_length=MOST_ACKS),
    ]


class _Message(NamedTuple):
    """Since when it was there to be sent, when it was written, and how many bytes were written and
    acknowledged then.
    """

    there_at: float
    sent_at: float
    written: int
    acknowledged: int


class UnderWay:
    """The binary messages of one socket that its page has not acknowledged.

    All times are those of `clock`, in seconds: nothing depends on the page's clock. A page that
    never acknowledges anything is taken to have received all.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent = 0
        self._messages: deque[_Message] = deque(maxlen=_MOST_UNDER_WAY)
        self._acknowledged = 0  # bytes, of `_written`
        self._written = 0
        self._delays: deque[tuple[float, float]] = deque()  # (at, delay), both ascending
        self._bytes_per_s = 0.0
        self._progress_at: float | None = None
        self._marked = 0
        self._began_at = clock()
        # (at, bytes acknowledged until then, seconds until then with nothing under way)
        self._arrived: deque[tuple[float, int, float]] = deque()
        self._idle_s = 0.0
        self._late_s = 0.0  # of what was acknowledged last
        self._probe = range(0)
        self._probe_at: dict[int, float] = {}  # the page's ms
        self._probe_bytes = 0  # without the first message: time is counted from its arrival

    def sent(self, sizes: Iterable[int], held_at: float | None = None) -> None:
        """Note that binary messages of these sizes have just been written.

        `held_at` says since when they could not be, because the line was full.
        """
        now = self._clock()
        if not self._messages and self._progress_at is not None:
            self._idle_s += now - self._progress_at
            self._progress_at = now
        there_at = now if held_at is None else held_at
        for size in sizes:
            self._sent += 1
            self._written += size
            self._messages.append(_Message(there_at, now, self._written, self._acknowledged))

    def acknowledge(self, acks: Acks) -> None:
        """Take the page's word; a number that was not sent, or is acknowledged, changes nothing."""
        now = self._clock()
        for number, page_ms in acks.acks:
            if number in self._probe:
                self._probe_at[number] = page_ms
            newer = self._sent - number
            if not 0 <= newer < len(self._messages):
                continue
            while len(self._messages) > newer:
                message = self._messages.popleft()
            self._acknowledged = message.written
            self._note_delay(now, now - message.sent_at)
            self._late_s = now - message.there_at - self._delays[0][1]
            self._progress_at = now
            self._arrived.append((now, self._acknowledged, self._idle_s))
            if number > 1:  # the first is an init segment: too small to tell a rate
                self._measure(message, now)

    @property
    def waits_s(self) -> float:
        """How long what is sent now would wait for what was sent before, as far as is known.

        The longer of two: how long the oldest message waits already, less what the line needs at
        its best; and how long the line will need for all that is under way.
        """
        if not self._messages or not self._delays:
            return 0.0
        if not self._bytes_per_s:
            return inf
        return max(self.queue_s, (self._written - self._acknowledged) / self._bytes_per_s)

    @property
    def sent_count(self) -> int:
        """The number of the last message that was written; the first has 1."""
        return self._sent

    @property
    def acknowledged_count(self) -> int:
        """The number of the last message that is known to have arrived."""
        return self._sent - len(self._messages)

    @property
    def queue_s(self) -> float:
        """How long the oldest message under way has waited, beyond what the line needs."""
        if not self._messages or not self._delays:
            return 0.0
        return max(0.0, self._clock() - self._messages[0].sent_at - self._delays[0][1])

    @property
    def late_s(self) -> float | None:
        """How late pictures are at the page, beyond what the line needs; None while none is under
        way.

        The later of the last that is known to have come, and the next. A keyframe has just been
        sent where the ones before it were left out: only its arrival tells that the line is free.
        """
        if not self._messages:
            return None
        if not self._delays:
            return 0.0
        waits = self._clock() - self._messages[0].there_at - self._delays[0][1]
        return max(0.0, waits, self._late_s)

    @property
    def carries_bits_per_s(self) -> float:
        """What the line carried when a message last had to queue; infinite where it did not."""
        return self._bytes_per_s * 8

    @property
    def arrived_bits_per_s(self) -> float:
        """What arrived in the last 1.5 s, in bits a second while anything was under way."""
        now, arrived = self._clock(), self._arrived
        while len(arrived) > 1 and arrived[1][0] <= now - _RATE_OVER_S:
            arrived.popleft()
        if not arrived:
            return 0.0
        at, size, idle_s = arrived[0]
        if at > now - _RATE_OVER_S:
            at, size, idle_s = self._began_at, 0, 0.0
        busy_s = now - at - (self._idle_s - idle_s)
        return (self._acknowledged - size) * 8 / max(busy_s, _SHORTEST_RATE_S)

    def probe(self, sizes: Iterable[int]) -> None:
        """Note that padding of these sizes has just been written."""
        first = self._sent + 1
        self.sent(sizes)
        self._probe, self._probe_at = range(first, self._sent + 1), {}
        self._probe_bytes = self._messages[-1].written - self._messages[-len(self._probe)].written

    def take_probe(self) -> float | None:
        """Return the bits a second that the padding showed, once; None until it has arrived."""
        if len(self._probe_at) < len(self._probe) or not self._probe:
            return None
        lasted_ms = self._probe_at[self._probe[-1]] - self._probe_at[self._probe[0]]
        self._probe = range(0)
        return self._probe_bytes * 8000 / lasted_ms if lasted_ms > 0 else inf

    def mark(self) -> None:
        """Remember all that was sent so far."""
        self._marked = self._sent

    @property
    def marked_remains(self) -> bool:
        """True while a page that acknowledges has not received all from before `mark`."""
        acknowledges = self._progress_at is not None
        return acknowledges and self.acknowledged_count < self._marked

    @property
    def silent_s(self) -> float:
        """For how long a page that has acknowledged before has not, though it had reason to."""
        if not self._messages or self._progress_at is None:
            return 0.0
        return self._clock() - self._progress_at

    def _measure(self, message: _Message, now: float) -> None:
        """Learn the line's rate from a message that had to queue; without a queue it is enough."""
        queued = now - message.sent_at - self._delays[0][1]
        ahead = message.written - message.acknowledged
        self._bytes_per_s = ahead / queued if queued > _JITTER_S else inf

    def _note_delay(self, now: float, delay: float) -> None:
        delays = self._delays
        while delays and delays[-1][1] >= delay:
            delays.pop()
        delays.append((now, delay))
        while delays[0][0] < now - _LEAST_OVER_S:
            delays.popleft()
