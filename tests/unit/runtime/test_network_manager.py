"""What NetworkManager's answers mean; they come from a stand-in, since there is no radio here."""

import subprocess
from collections.abc import Sequence

import pytest

from likelight.runtime.network_manager import Link, ask_link
from support.network_manager import CABLE, VETH, WIFI, Stand


@pytest.mark.parametrize(
    ("state", "reason", "seen", "told"),
    [
        (20, 2, False, Link.WIFI_OFF),
        (30, 0, False, Link.WIFI_UNSEEN),
        (30, 0, True, Link.WIFI_REFUSED),
        (40, 0, True, Link.JOINING),
        (50, 0, True, Link.JOINING),
        (60, 8, True, Link.WIFI_REFUSED),
        (120, 7, True, Link.WIFI_REFUSED),
        (120, 9, True, Link.WIFI_REFUSED),
        (120, 53, False, Link.WIFI_UNSEEN),
        (70, 0, True, Link.NO_ADDRESS),
        *((120, reason, True, Link.NO_ADDRESS) for reason in (5, 15, 16, 17)),
        (100, 0, True, Link.UP),
    ],
)
def test_a_wi_fi_tells_why_it_is_not_joined(
    state: int, reason: int, seen: bool, told: Link
) -> None:
    stand = Stand().has(CABLE, 20, 40, carrier=False).has(WIFI, state, reason, seen=seen)
    assert ask_link(stand) is told


def test_a_cable_is_enough_and_one_that_gives_no_address_is_told_where_no_wi_fi_is_set() -> None:
    assert ask_link(Stand().has(CABLE, 100).has(WIFI, 120, 7)) is Link.UP
    assert ask_link(Stand(wifi=False).has(CABLE, 70).has(WIFI, 30)) is Link.NO_ADDRESS
    assert ask_link(Stand(wifi=False).has(CABLE, 120, 5)) is Link.NO_ADDRESS
    assert ask_link(Stand(wifi=False).has(CABLE, 50)) is Link.JOINING
    unplugged = Stand(wifi=False).has(CABLE, 20, 40, carrier=False).has(WIFI, 30)
    assert ask_link(unplugged) is Link.NOTHING
    assert ask_link(Stand(wifi=False).has(VETH, 20, 40, carrier=False)) is Link.NOTHING


def test_a_log_in_page_that_networkmanager_sees_counts_where_there_is_an_address() -> None:
    assert ask_link(Stand(connectivity=2).has(CABLE, 100)) is Link.LOG_IN
    assert ask_link(Stand(connectivity=2).has(WIFI, 30)) is Link.WIFI_UNSEEN


def test_where_all_is_well_no_profile_is_read() -> None:
    stand = Stand().has(CABLE, 100)
    ask_link(stand)
    assert stand.asked == ["GetManagedObjects"]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        '{"data": []}',
        '{"data": [{}]}',
        '{"data": [{"/a": {"org.freedesktop.NetworkManager.Device": {"State": 3}}}]}',
        FileNotFoundError("busctl"),
        subprocess.TimeoutExpired("busctl", 3),
        subprocess.CalledProcessError(1, "busctl"),
    ],
)
def test_without_an_answer_that_can_be_read_nothing_is_known(answer: str | Exception) -> None:
    def run(_: Sequence[str]) -> str:
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert ask_link(run) is None
    assert ask_link(Stand()) is None, "there is no device but the computer's own"
