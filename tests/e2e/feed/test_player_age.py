"""How old the player says that the picture is, and what it does when that is too old."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from likelight.feed.fmp4 import TIMESCALE, fragment
from support.chromium import needs_chromium
from support.nginx import needs_nginx, nginx
from support.player_behind_proxy import RATE, watched
from support.slow_proxy import SlowLine
from support.stage import NO_SOCKET

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

CAPTURED_MS = 1_790_000_000_000
"""When the first picture of a story was captured, by the kitchen's clock."""

# A story is played on a clock of its own, which starts with the first capture.
TELL = """async ([story, ahead]) => {
  const {Captures} = await import("/player/captures.js");
  let now = 0;
  performance.now = () => now;
  const captures = new Captures(() => ahead + now);
  const told = [];
  for (const [at, what, value] of story) {
    now = at;
    if (what === "opens") captures.begin();
    else if (what === "comes") captures.note(Uint8Array.from(value).buffer);
    else told.push([captures.delay(value), captures.grown(value)]);
  }
  return told;
}"""

Story = list[tuple[float, str, Any]]


def comes(at_ms: float, captured_ms: float, time_s: float) -> tuple[float, str, Any]:
    """Return the arrival of the picture that begins at `time_s` of the video."""
    made = fragment(
        [b"e"],
        sequence=1,
        decode=int(time_s * TIMESCALE),
        duration=3000,
        keyframe=True,
        captured_us=int(1000 * (CAPTURED_MS + captured_ms)),
    )
    return at_ms, "comes", list(made)


def asked(at_ms: float, time_s: float) -> tuple[float, str, Any]:
    """Return the question how old the picture at `time_s` is."""
    return at_ms, "asked", time_s


async def told(empty: Page, story: Story, ahead_s: float = 0.0) -> list[list[float]]:
    """Return what is told at each question: the delay, and how much it has grown, in seconds."""
    ahead_ms = CAPTURED_MS + 1000 * ahead_s
    return list(await empty.evaluate(TELL, [story, ahead_ms]))


WRONG = [3600.0, -3600.0, 6.0, -0.5]
"""How many seconds a viewer's clock may be ahead of the kitchen's."""


async def test_with_one_clock_the_age_is_that_of_the_capture(empty: Page) -> None:
    late = [comes(300 + n * 1000, n * 500, n) for n in range(60)]
    story: Story = [*late, *(asked(300 + n * 1000, n) for n in range(60))]
    story.sort(key=lambda step: step[0])
    ages = [delay for delay, _ in await told(empty, story)]
    assert ages == pytest.approx([0.3 + n / 2 for n in range(60)])


async def test_a_time_that_the_browser_has_rounded_down_is_still_that_pictures(empty: Page) -> None:
    story: Story = [comes(0, 0, 0.0), comes(1000, 1000, 1.0), asked(1000, 0.999999)]
    [(_, grown)] = await told(empty, story)
    assert grown == 0


@pytest.mark.parametrize("ahead_s", WRONG)
async def test_a_wrong_clock_hides_nothing_of_what_the_age_has_grown_by(
    empty: Page, ahead_s: float
) -> None:
    late = [comes(100 + n * 1000, n * 500, n) for n in range(60)]
    story: Story = [*late, *(asked(100 + n * 1000, n) for n in range(60))]
    story.sort(key=lambda step: step[0])
    for n, (delay, grown) in enumerate(await told(empty, story, ahead_s)):
        assert delay == grown == pytest.approx(n / 2), "the first one counts as new"


@pytest.mark.parametrize("ahead_s", WRONG)
async def test_a_line_that_needs_seconds_for_the_first_keyframe_does_not_make_it_new(
    empty: Page, ahead_s: float
) -> None:
    story: Story = [(50, "opens", None), comes(4000, 0, 0.0), asked(4000, 0.0)]
    [(delay, _)] = await told(empty, story, ahead_s)
    assert delay == pytest.approx(3.95)


@pytest.mark.parametrize("ahead_s", [0.0, *WRONG])
async def test_a_clock_that_is_set_back_makes_no_picture_old_or_new(
    empty: Page, ahead_s: float
) -> None:
    story: Story = [
        comes(100, 0, 0.0),
        comes(2100, 1000, 1.0),
        asked(2100, 1.0),
        comes(3100, 2000 - 600_000, 2.0),
        asked(3100, 2.0),
        comes(4100, 2500 - 600_000, 3.0),
        asked(4100, 3.0),
    ]
    grown = [grown for _, grown in await told(empty, story, ahead_s)]
    assert grown == pytest.approx([1.0, 1.0, 1.5])


@pytest.mark.parametrize("ahead_s", [0.0, 3600.0])
async def test_what_a_proxy_holds_back_is_told_and_thrown_away(
    browser: Browser, ahead_s: float
) -> None:
    """The way over HTTP, where no acknowledgement tells the hub what a proxy holds."""
    # As large a buffer as Linux gives: 3 s of the stream at a third of its rate.
    line = SlowLine(queue=1 << 22)
    script = f"window.ahead += {ahead_s * 1000};" + NO_SOCKET
    async with watched(browser, line, init_script=script) as far:
        line.down_bytes_per_s = RATE / 3
        page = far.page
        slow = "() => heard.connections.some(({kind}) => kind === 'slow')"
        await page.wait_for_function(slow, timeout=90_000)
        before = await page.evaluate("heard.pictures")
        await page.wait_for_function(f"() => heard.pictures > {before}", timeout=90_000)
        await page.wait_for_function("() => heard.told.at(-1)[0] !== null", timeout=90_000)
        pairs = await far.pairs()
        reason = await page.evaluate("heard.told.at(-1)[1]")
    print([f"{said:.1f}/{true:.1f}" for said, true in pairs])
    # Where the clocks disagree the age of the keyframe that a connection begins with is not known.
    unknown = 1.0 if ahead_s else 0.0
    assert all(true - 1 - unknown < said < true + 1 for said, true in pairs), pairs
    oldest = max(said for said, _ in pairs)
    assert oldest > 2, "the age grew"
    assert reason is True, "the reason is told with the age"
    assert pairs[-1][0] < oldest, "the new connection shows the present"


@needs_nginx
async def test_behind_nginx_on_a_slow_line_the_socket_shows_the_present_and_tells_its_age(
    browser: Browser, tmp_path: Path
) -> None:
    line = SlowLine(down_bytes_per_s=120_000)
    async with watched(browser, line, before_line=partial(nginx, tmp_path)) as far:
        # Without acknowledgements the picture would be 5 s old by now, and grow older.
        await far.page.wait_for_function("() => heard.delays.length >= 12", timeout=90_000)
        pairs = await far.pairs()
        heard = await far.page.evaluate("[stage.dataset.way, heard.connections]")
    print([f"{said:.1f}/{true:.1f}" for said, true in pairs])
    way, connections = heard
    assert way == "mse"
    # A machine that stood still for seconds is a slow line as well, and may be called so.
    assert {one["kind"] for one in connections} <= {"connected", "slow"}
    assert all(abs(said - true) < 1 for said, true in pairs[-5:]), pairs
    assert all(true < 5 for _, true in pairs[-5:]), pairs
