"""The pauses between two tries of a lamp or a child process."""

from likelight_hw.backoff import RetryBackoff


def test_the_last_pause_is_the_longest_and_stays() -> None:
    backoff = RetryBackoff((1.0, 2.0, 4.0), healthy_s=30.0)
    assert [backoff.pause_s() for _ in range(5)] == [1, 2, 4, 4, 4]


def test_what_worked_long_enough_starts_again_and_what_did_not_goes_on() -> None:
    backoff = RetryBackoff((1.0, 2.0, 4.0), healthy_s=30.0)
    pauses = [backoff.pause_s(worked_s=worked) for worked in (0.0, 29.9, 30.0, 0.0, 0.0)]
    assert pauses == [1, 2, 1, 2, 4]
