"""The choice of a rendition, on lines that are a few numbers and on some that nobody has."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from likelight.feed.choice import Choice, Line
from likelight.feed.rendition import Rendition

MAIN, LOW, SLIDE = Rendition
NEEDS = {MAIN: 2_000_000.0, LOW: 400_000.0, SLIDE: 140_000.0}
STEP_S = 0.1
WINDOW_S = 0.5
"""What the hub lets wait: over that it leaves pictures out."""


@dataclass
class Fluid:
    """A line that carries `rate` bits a second, `delay_s` long, and a viewer at its end."""

    rate: float
    delay_s: float
    choice: Choice
    now: float = 1000.0
    waiting: float = 0.0
    """Bits."""
    had: list[tuple[float, Rendition]] = field(default_factory=list)
    """When each rendition began."""
    _probe_at: float | None = None
    _full: bool = False
    _arrived: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self._step()

    def time_above(self, since: float) -> float:
        """Return for how many seconds after `since` it had more than the line carries."""
        ends = [*(at for at, _ in self.had[1:]), self.now]
        return sum(
            max(0.0, end - max(at, since))
            for (at, rendition), end in zip(self.had, ends, strict=True)
            if NEEDS[rendition] > self.rate and rendition is not SLIDE
        )

    def _step(self) -> None:
        choice = self.choice
        if not self.had or self.had[-1][1] is not choice.rendition:
            self.had.append((self.now, choice.rendition))
        self.now += STEP_S
        queue_s = self.waiting / self.rate
        full = queue_s > WINDOW_S
        if self._full and not full:
            choice.skipped(self.now)
        self._full = full
        if not full:
            self.waiting += NEEDS[choice.rendition] * STEP_S
        carried = min(self.waiting, self.rate * STEP_S)
        self.waiting -= carried
        self._arrived = [*self._arrived[-14:], carried]
        bits_per_s = sum(self._arrived) / len(self._arrived) / STEP_S
        heard = self.now - self.had[-1][0] > self.delay_s + queue_s
        if self._probe_at is not None and self.now >= self._probe_at:
            self._probe_at = None
            choice.probed(self.now, self.rate)
        elif choice.judge(self.now, Line(queue_s, bits_per_s, heard)):
            self._probe_at = self.now + self.delay_s + 65_000 / self.rate


rates = st.floats(50_000, 20_000_000)
delays = st.floats(0.0, 0.5)


def fluid(rate: float, delay_s: float, begins: Rendition) -> Fluid:
    return Fluid(rate, delay_s, Choice(1000.0, begins, NEEDS.__getitem__))


@given(rates, delays, st.sampled_from(Rendition))
def test_a_steady_line_gets_the_best_that_it_carries_and_keeps_it(
    rate: float, delay_s: float, begins: Rendition
) -> None:
    line = fluid(rate, delay_s, begins)
    line.run(60)
    last = line.choice.rendition
    assert last is SLIDE or NEEDS[last] <= rate
    better = [each for each in Rendition if each < last]
    assert all(NEEDS[each] * 1.3 > rate for each in better)
    assert len(line.had) <= 4, "from the one to the other, and no way back"
    assert line.had[-1][0] < 1000 + 40


@given(rates, delays, st.sampled_from(Rendition))
def test_no_line_has_more_than_it_carries_for_long(
    rate: float, delay_s: float, begins: Rendition
) -> None:
    line = fluid(rate, delay_s, begins)
    line.run(60)
    assert line.time_above(since=1000.0) <= 8.0
    assert line.time_above(since=1010.0) == 0.0


@given(st.lists(st.tuples(rates, st.floats(2.0, 30.0)), min_size=2, max_size=6), delays)
def test_a_line_that_changes_is_followed(parts: list[tuple[float, float]], delay_s: float) -> None:
    line = fluid(parts[0][0], delay_s, MAIN)
    for rate, seconds in parts:
        line.waiting *= rate / line.rate  # what waits are seconds, not bits
        line.rate = rate
        line.run(seconds)
    line.run(90)
    last = line.choice.rendition
    assert last is SLIDE or NEEDS[last] <= line.rate
    assert all(NEEDS[each] * 1.3 > line.rate for each in Rendition if each < last)


says = st.builds(
    Line,
    st.one_of(st.just(0.0), st.floats(0.0, 10.0)),
    st.floats(0.0, 1e8),
    st.booleans(),
)


@given(st.lists(st.tuples(says, st.booleans(), st.floats(0.0, 1e9)), min_size=50, max_size=400))
def test_whatever_a_page_says_it_rises_no_more_often_than_every_five_seconds(
    said: list[tuple[Line, bool, float]],
) -> None:
    now = 1000.0
    choice = Choice(now, LOW, NEEDS.__getitem__)
    risen: list[float] = []
    for turn in range(1200):
        line, skipped, shown = said[turn % len(said)]
        now += STEP_S
        before = choice.rendition
        if skipped:
            choice.skipped(now)
        if choice.judge(now, line):
            choice.probed(now, shown)
        if choice.rendition < before:
            risen.append(now)
    assert all(later - earlier > 4.99 for earlier, later in pairwise(risen))
    # A rise that does not last makes the next one wait twice as long: 5, 10, 20, 40 and 60 s.
    assert len(risen) <= 120 / 5


def test_rises_that_never_last_come_ever_more_seldom() -> None:
    """A line with a token bucket: it carries any padding, and a second of anything."""
    now = 1000.0
    choice = Choice(now, LOW, NEEDS.__getitem__)
    risen = []
    while now < 1600:
        now += STEP_S
        bad = choice.rendition is MAIN
        if choice.judge(now, Line(1.5 if bad else 0.0, 600_000.0, heard=True)):
            choice.probed(now, 50e6)
            risen.append(now)
    assert len(risen) <= 13
    assert min(later - earlier for earlier, later in pairwise(risen[4:])) >= 60
