"""How far behind the kitchen the player plays: as far as the line makes it, and no further."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page

from likelight.feed.player import _MODULES
from likelight.web.http.static_files import ServedFile
from support.chromium import needs_chromium
from support.slow_proxy import SlowLine, slow_proxy
from support.stage import BRIGHT, live, shows, stage
from support.waiting import WITHIN_S

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FPS = 30
WIRE_S = 0.01
"""What encoder and wire need at their best, in these tests."""

# A video that plays what has come, on a clock of its own: it stands where nothing more is buffered.
PLAY = """async (arrivals) => {
  const {Margin} = await import("/player/margin.js");
  const margin = new Margin();
  margin.begin();
  let position = arrivals[0][1], end = position, rate = 1, at = arrivals[0][0];
  return arrivals.map(([came, captured]) => {
    position += rate * (came - at);
    const stood = Math.max(0, position - end) / rate;
    position = Math.min(position, end);
    if (stood) margin.stalled(came, stood);
    margin.came(came, end);
    rate = margin.rate(came, position);
    [at, end] = [came, captured];
    return [came, came - position, stood, rate];
  });
}"""


@dataclass(frozen=True)
class Moment:
    """What holds when a picture comes; times in seconds."""

    came: float
    behind: float
    """From the end of a picture's capture to its end on the screen."""
    stood: float
    """For how long the picture before it stood still."""
    rate: float


async def played(empty: Page, late: Iterable[float]) -> list[Moment]:
    """Return how a video goes whose pictures come so late beyond what the wire needs."""
    arrivals, came = [], 0.0
    for number, more in enumerate(late):
        captured = number / FPS
        came = max(came, captured + WIRE_S + more)  # TCP keeps the order
        arrivals.append((came, captured))
    return [Moment(*each) for each in await empty.evaluate(PLAY, arrivals)]


def after(moments: list[Moment], since: float, until: float = 1e9) -> list[Moment]:
    return [each for each in moments if since <= each.came < until]


def jitter(seconds: int, most: float, seed: int = 7) -> list[float]:
    rng = random.Random(seed)
    return [rng.uniform(0, most) for _ in range(seconds * FPS)]


def pauses(seconds: int, *, every: float, length: float) -> list[float]:
    """Nothing comes for `length` seconds, again and again; then all of it at once."""
    times = [number / FPS + WIRE_S for number in range(seconds * FPS)]
    return [max(0.0, length - at % every) for at in times]


async def test_on_a_steady_line_the_picture_is_young_and_never_stands(empty: Page) -> None:
    settled = after(await played(empty, jitter(20, 0.005)), 2)
    assert max(each.behind for each in settled) - 1 / FPS < 0.05
    assert [each for each in settled if each.stood or each.rate != 1] == []


@pytest.mark.parametrize("most", [0.03, 0.1, 0.2])
async def test_on_a_line_that_jitters_the_margin_widens_fast_and_comes_back_slowly(
    empty: Page, most: float
) -> None:
    moments = await played(empty, [*jitter(10, 0.005), *jitter(10, most), *jitter(30, 0.005)])
    before = moments[10 * FPS - 1].behind
    wide = after(moments, 13, 20)
    assert sum(each.stood for each in wide) < 0.02, "what comes later than ever before"
    assert min(each.behind for each in wide) > before + most * 0.6
    assert min(each.behind for each in after(moments, 20, 28)) > before + most * 0.6
    assert max(each.behind for each in after(moments, 36)) < before + 0.03
    assert all(0.95 <= each.rate <= 1.25 for each in moments)


@pytest.mark.parametrize(("every", "length"), [(1.0, 0.1), (4.0, 0.15), (3.0, 0.25)])
async def test_a_line_that_pauses_again_and_again_stalls_the_picture_twice_at_most(
    empty: Page, every: float, length: float
) -> None:
    moments = await played(empty, pauses(60, every=every, length=length))
    stood = [each for each in after(moments, 1) if each.stood > 0.01]
    assert len(stood) <= 2, stood


async def test_one_stall_of_the_line_makes_no_older_picture(empty: Page) -> None:
    moments = await played(empty, [*[0.0] * 300, *pauses(30, every=30, length=0.4)])
    before = moments[299].behind
    [stall] = [each for each in after(moments, 1) if each.stood]
    assert stall.behind > before + 0.3
    assert max(each.behind for each in after(moments, stall.came + 4)) < before + 0.03


async def test_the_worst_line_makes_no_picture_older_than_it_is_worth(empty: Page) -> None:
    moments = after(await played(empty, pauses(60, every=4, length=0.8)), 10)
    calm = [each.behind for each in moments if each.came % 4 > 3.7]
    assert max(calm) - 1 / FPS < WIRE_S + 0.35


async def test_the_cached_pictures_of_a_join_are_not_late(empty: Page) -> None:
    joined = [0.9 - number / FPS for number in range(27)]
    moments = await played(empty, [*joined, *[0.0] * 300])
    assert max(each.behind for each in after(moments, 8)) - 1 / FPS < 0.05


async def test_whatever_the_line_did_once_it_is_calm_the_picture_is_young(empty: Page) -> None:
    for seed in range(6):
        rng = random.Random(seed)
        late: list[float] = []
        while len(late) < 30 * FPS:
            most, length, every = rng.uniform(0, 0.4), rng.uniform(0, 2), rng.uniform(0.2, 6)
            part = zip(jitter(3, most, seed), pauses(3, every=every, length=length), strict=True)
            late += [max(pair) for pair in part]
        moments = await played(empty, [*late, *[0.0] * 30 * FPS])
        assert all(0.95 <= each.rate <= 1.25 for each in moments), seed
        assert max(each.behind for each in after(moments, 55)) - 1 / FPS < 0.05, seed
        assert not any(each.stood for each in after(moments, 35)), seed


async def test_a_decoder_that_stalls_by_itself_gets_more_and_then_less(empty: Page) -> None:
    wanted: list[float] = await empty.evaluate(STALLING)
    calm, stalled, soon, late = wanted
    assert calm + 0.05 < stalled <= calm + 0.1
    assert calm + 0.03 < soon < stalled
    assert late < calm + 0.005


STALLING = """async () => {
  const {Margin} = await import("/player/margin.js");
  const margin = new Margin();
  const wanted = (now) => { margin.came(now, now - 0.05); return margin.wanted(now); };
  const calm = wanted(10);
  for (const at of [11, 11.5, 12, 12.5]) margin.stalled(at, 0.3);
  return [calm, wanted(12.5), wanted(16), wanted(40)];
}"""


# What lies between the picture on the screen and now, in seconds, but for what is always the same.
BEHIND = "performance.now() / 1000 - document.querySelector('video').currentTime"

# The least of it in more than half a second; 0 where the video hurried.
HELD = f"""() => new Promise((resolve) => {{
  const looks = [];
  let faster = false;
  const timer = setInterval(() => {{
    looks.push({BEHIND});
    faster ||= document.querySelector("video").playbackRate > 1.1;
    if (looks.length < 12) return;
    clearInterval(timer);
    resolve(faster ? 0 : Math.min(...looks));
  }}, 50);
}})"""


async def held(page: Page, *, above: float) -> float:
    """Return how far behind the video stays, once that is so far."""
    async with asyncio.timeout(WITHIN_S):
        while (behind := float(await page.evaluate(HELD))) <= above:
            pass
    return behind


async def jittering(line: SlowLine) -> None:
    """Hold everything back for a fifth of a second, again and again."""
    steady = line.delay_s
    try:
        while True:
            line.delay_s = steady + 0.25
            await asyncio.sleep(0.2)
            line.delay_s = steady
            await asyncio.sleep(0.3)
    finally:
        line.delay_s = steady


async def test_in_a_browser_the_margin_widens_while_the_line_jitters(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A short memory, so that this test need not wait for ten seconds of a calm line.
    source = _MODULES["margin.js"].plain.decode()
    short = source.replace("const MEMORY_S = 10;", "const MEMORY_S = 3;")
    assert short != source
    monkeypatch.setitem(_MODULES, "margin.js", ServedFile.of("margin.js", short.encode()))
    line = SlowLine(delay_s=0.02)

    @asynccontextmanager
    async def front(url: str) -> AsyncIterator[str]:
        async with slow_proxy(url, line) as proxy:
            yield proxy.url

    async with stage(browser, front=front) as (place, page), asyncio.TaskGroup() as group:
        rolling = await live(place, group)
        await shows(page, *BRIGHT)
        close = await held(page, above=0)
        jitter = group.create_task(jittering(line))
        wide = await held(page, above=close + 0.15)
        jitter.cancel()
        await page.wait_for_function(f"() => {BEHIND} < {wide - 0.08}")
        rolling.cancel()
