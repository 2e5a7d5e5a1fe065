"""What a kitchen takes of all viewers together: through a proxy that says who asks, on the virtual
clock."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from likelight_cloud.cli.main import main
from likelight_cloud.trust.ceilings import KitchenLimits
from support.cloud import Reply
from support.crowd import Crowd, crowd
from support.virtual import run_virtual

FLOOD, GUEST = "192.0.2.1", "198.51.100.9"


def play(
    tmp_path: Path, limits: KitchenLimits, scenario: Callable[[Crowd], Awaitable[None]]
) -> None:
    async def served() -> None:
        async with crowd(tmp_path / "cloud.db", limits) as viewers:
            await scenario(viewers)

    run_virtual(served())


def is_limit(reply: Reply, retry_after: int) -> bool:
    return (
        reply.status == 429
        and reply.body["type"] == "urn:likelight:problem:limit"
        and int(reply.headers["Retry-After"]) == retry_after
    )


def test_a_kitchen_takes_so_many_likes_of_all_viewers_together(tmp_path: Path) -> None:
    async def scenario(viewers: Crowd) -> None:
        for place in range(49):
            assert (await viewers.like(f"192.0.2.{place}")).status == 202
        last = await viewers.like(GUEST, 20)
        assert (last.status, last.body["accepted"], last.body["retry_after_ms"]) == (202, 1, 100)
        assert is_limit(await viewers.like("203.0.113.1"), 1)
        await asyncio.sleep(1)
        # Its own limit does not count what the kitchen did not take.
        again = await viewers.like(GUEST, 20, token=last.headers["token"])
        assert (again.status, again.body["accepted"]) == (202, 10)

    play(tmp_path, KitchenLimits(likes_per_s=10), scenario)


def test_a_kitchen_takes_so_many_notes_of_all_viewers_together(tmp_path: Path) -> None:
    async def scenario(viewers: Crowd) -> None:
        for place in range(6):
            assert (await viewers.note(f"192.0.2.{place}")).status == 201
        assert is_limit(await viewers.note(GUEST), 30)
        await asyncio.sleep(30)
        assert (await viewers.note(GUEST)).status == 201
        assert is_limit(await viewers.note("203.0.113.1"), 30)

    play(tmp_path, KitchenLimits(notes_per_min=2), scenario)


async def flood(viewers: Crowd) -> list[Reply]:
    """Ask for 1,000 likes of 500, each 20 as another new viewer."""
    return [await viewers.like(FLOOD, 20) for _ in range(50)]


def test_above_the_ceiling_ten_new_viewers_a_minute_come_from_one_address(tmp_path: Path) -> None:
    async def scenario(viewers: Crowd) -> None:
        known = await viewers.like(FLOOD)
        replies = await flood(viewers)
        assert [reply.status for reply in replies] == [202] * 25 + [429] * 25
        limits = [int(reply.headers["Retry-After"]) for reply in replies[25:]]
        assert limits == [1] * 10 + [6] * 15, "the ceiling's, then that of new viewers"
        await asyncio.sleep(1)
        assert is_limit(await viewers.like(FLOOD), 5)
        # Who has a token, and who comes from elsewhere, is not kept waiting by it.
        assert (await viewers.like(FLOOD, token=known.headers["token"])).status == 202
        assert (await viewers.like(GUEST)).status == 202
        await asyncio.sleep(5)
        for _ in range(40):
            assert (await viewers.like(FLOOD)).status == 202, "the kitchen is calm again"

    play(tmp_path, KitchenLimits(likes_per_s=100), scenario)


@pytest.mark.parametrize(
    ("neighbour", "status"), [("2001:db8:0:1:ffff::9", 429), ("2001:db8:0:2::1", 202)]
)
def test_one_customer_s_ipv6_addresses_count_together(
    tmp_path: Path, neighbour: str, status: int
) -> None:
    async def scenario(viewers: Crowd) -> None:
        await flood(viewers)
        for host in range(10):
            await viewers.like(f"2001:db8:0:1::{host}")
        await asyncio.sleep(1)
        assert (await viewers.like(neighbour)).status == status

    play(tmp_path, KitchenLimits(likes_per_s=100), scenario)


def test_a_flood_of_notes_from_one_address_keeps_nobody_else_s_out(tmp_path: Path) -> None:
    async def scenario(viewers: Crowd) -> None:
        flooded = 0
        for second in range(600):
            for _ in range(2 if second else 100):
                flooded += (await viewers.note(FLOOD)).status == 201
            if second % 60 == 59:
                assert (await viewers.note(f"198.51.100.{second // 60}")).status == 201
            await asyncio.sleep(1)
        assert flooded <= 60 + 10 * 11, "a full bucket, and ten new viewers a minute"

    play(tmp_path, KitchenLimits(), scenario)


def test_another_kind_s_ceiling_keeps_no_new_viewer_away(tmp_path: Path) -> None:
    async def scenario(viewers: Crowd) -> None:
        await flood(viewers)
        for _ in range(20):
            assert (await viewers.note(FLOOD)).status == 201

    play(tmp_path, KitchenLimits(likes_per_s=100), scenario)


def test_keys_and_batches_belong_to_the_viewer(tmp_path: Path) -> None:
    async def scenario(viewers: Crowd) -> None:
        batch = str(uuid.uuid4())
        first = await viewers.like(FLOOD, 3, batch=batch)
        # Its reply was lost, and the cookie in it; then the reply came, and it is asked once more.
        lost = await viewers.like(FLOOD, 3, batch=batch.upper())
        known = await viewers.like(FLOOD, 3, batch=batch, token=first.headers["token"])
        assert [reply.body["total"] for reply in (first, lost, known)] == [3, 3, 3]
        assert lost.headers["token"] == first.headers["token"]
        other = await viewers.like(GUEST, 3, batch=batch)
        assert (other.body["total"], other.headers["token"] == first.headers["token"]) == (6, False)

        one = await viewers.note(FLOOD, "heroes", key="1")
        again = await viewers.note(FLOOD, "heroes", key="1")
        two = await viewers.note(GUEST, "hello", key="1")
        assert (one.status, again.status, two.status) == (201, 201, 201)
        assert one.body["id"] == again.body["id"] != two.body["id"]

    play(tmp_path, KitchenLimits(), scenario)


@pytest.mark.parametrize("words", [("--max-likes", "0"), ("--max-notes", "many")])
def test_a_ceiling_is_a_number(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", *words])
    assert "is not a number from 1 to 1000000" in capsys.readouterr().err
