"""The meter of the feed: its rate holds when the wall clock does not."""

from likelight.feed.meter import Meter

HOUR_US = 3_600_000_000


def filmed(meter: Meter, from_us: int, frames: int) -> int:
    """Count so many frames at 30 a second from `from_us` on; return when the last one was."""
    for number in range(frames):
        at = from_us + number * 33_333
        meter.frame(at, at + 5_000)
    return at


def test_the_rate_is_that_of_the_last_two_seconds() -> None:
    meter = Meter()
    now = filmed(meter, HOUR_US, 120)
    assert 29 <= meter.fps(now) <= 31
    assert 14 <= meter.fps(now + 1_000_000) <= 16
    assert meter.fps(now + 2_000_000) <= 1


def test_a_clock_that_is_set_back_leaves_no_frames_of_the_future() -> None:
    for step_us in (1_000_000, HOUR_US):
        meter = Meter()
        now = filmed(meter, 2 * HOUR_US, 120) - step_us
        now = filmed(meter, now, 30)
        assert meter.fps(now) <= 16
        now = filmed(meter, now + 33_333, 60)
        assert 29 <= meter.fps(now) <= 31


def test_a_camera_that_stopped_before_the_clock_was_set_back_has_no_rate() -> None:
    meter = Meter()
    now = filmed(meter, 2 * HOUR_US, 120)
    assert meter.fps(now - HOUR_US) == 0
