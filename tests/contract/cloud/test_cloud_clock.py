"""The contract's times and limits as devices and viewers meet them: over HTTP, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from support.cloud import KID, NOON, Reply, Site, bearer, serving
from support.virtual import run_virtual, virtual_now

Play = Callable[[Site], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Play], None]:
    """Return what plays a scenario with a running cloud."""

    def run(scenario: Play) -> None:
        async def served() -> None:
            unix = tmp_path / "cloud.sock"
            async with serving(tmp_path / "cloud.db", now=virtual_now(NOON), unix=unix) as site:
                await scenario(site)

        run_virtual(served())

    return run


def time() -> float:
    return asyncio.get_running_loop().time()


async def watch(site: Site) -> None:
    reply = await site.call("POST", f"/v1/kitchens/{KID}/watching", json={"view": "a-random-view"})
    assert reply.status == 204


async def held(poll: Awaitable[Reply]) -> tuple[float, Reply]:
    """Return for how many seconds a poll was held, and its reply."""
    began = time()
    reply = await poll
    return time() - began, reply


def told_to_wait(reply: Reply) -> int:
    """Return for how many seconds a refused viewer is asked to wait."""
    assert reply.status == 429
    return int(reply.headers["Retry-After"])


def live(site: Site) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    return site.session.get(f"{site.base}/v1/kitchens/{KID}/live")


@pytest.mark.parametrize("wait", [30, 16, 1])
def test_an_empty_poll_is_held_for_the_wait_less_a_sixteenth_at_most(
    play: Callable[[Play], None], wait: int
) -> None:
    async def scenario(site: Site) -> None:
        cursor = (await site.poll()).body["cursor"]
        waits = []
        for _ in range(20):
            took, reply = await held(site.poll(cursor, wait=wait))
            assert (reply.status, reply.body["likes"]["delta"]) == (200, 0)
            waits.append(took)
        assert all(wait * 15 / 16 - 1e-3 <= took <= wait + 1e-3 for took in waits)
        assert max(waits) - min(waits) > wait / 32

    play(scenario)


def test_a_poll_that_names_no_wait_is_held_for_25_seconds_and_brings_20_notes(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        address = f"/v1/kitchens/{KID}/events"
        token = {"Authorization": "Bearer the-device-token"}
        cursor = (await site.poll()).body["cursor"]
        query = {"cursor": cursor, "dv": "1", "a_key_of": "tomorrow"}
        took, reply = await held(site.call("GET", address, params=query, headers=token))
        assert reply.status == 200
        assert 25 * 15 / 16 - 1e-3 <= took <= 25 + 1e-3
        for _ in range(21):
            site.forget_viewer()
            assert (await site.note()).status == 201
        full = await site.call("GET", address, params=query, headers=token)
        assert [note["seq"] for note in full.body["notes"]] == list(range(1, 21))
        assert full.body["more"] is True

    play(scenario)


def test_the_first_like_is_reported_at_once_and_the_next_a_second_after_that_reply(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        cursor = (await site.poll()).body["cursor"]

        async def like(after: float) -> None:
            await asyncio.sleep(after)
            assert (await site.like()).status == 202

        async with asyncio.TaskGroup() as group:
            first = group.create_task(held(site.poll(cursor, wait=30)))
            group.create_task(like(7))
        took, reply = first.result()
        assert took == pytest.approx(7, abs=0.01)
        assert reply.body["likes"]["delta"] == 1
        async with asyncio.TaskGroup() as group:
            second = group.create_task(held(site.poll(reply.body["cursor"], wait=30)))
            group.create_task(like(0.25))
            group.create_task(like(0.5))
        took, reply = second.result()
        assert took == pytest.approx(1, abs=0.01)
        assert reply.body["likes"]["delta"] == 2

    play(scenario)


def test_a_view_counts_until_forty_seconds_after_its_last_word(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        await watch(site)
        await asyncio.sleep(15)
        await watch(site)
        watched = await site.poll()
        assert watched.body["viewers"]["watching"] is True
        polls = 0.0
        cursor = watched.body["cursor"]
        while True:
            took, reply = await held(site.poll(cursor, wait=30))
            polls += took
            if not reply.body["viewers"]["watching"]:
                break
        assert polls == pytest.approx(40, abs=0.01)

    play(scenario)


def test_a_kitchen_is_offline_ninety_seconds_after_its_last_word(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        for word in (site.status, site.poll):
            await word()
            await asyncio.sleep(89.9)
            assert (await site.summary())["state"] == "live"
            await asyncio.sleep(0.2)
            assert (await site.summary())["state"] == "offline"

    play(scenario)


def test_a_device_that_is_refused_is_offline_to_viewers_after_ninety_seconds(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        await site.poll()
        await site.status()
        for seconds, state in ((89, "live"), (2, "offline")):
            await asyncio.sleep(seconds)
            for method, path in (("GET", "events"), ("POST", "status")):
                address = f"/v1/kitchens/{KID}/{path}"
                refused = await site.call(method, address, headers=bearer("revoked"), json={})
                assert refused.status == 401
            assert (await site.summary())["state"] == state

    play(scenario)


def test_a_viewer_likes_five_times_a_second_after_a_burst_of_twenty(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        for pause in (0, 3600):  # an hour of rest saves up no more than the burst
            await asyncio.sleep(pause)
            assert (await site.like(20)).body["accepted"] == 20
            assert told_to_wait(await site.like(1)) == 1
            await asyncio.sleep(1.01)
            some = await site.like(20)
            assert (some.status, some.body["accepted"]) == (202, 5)
            assert 0 < some.body["retry_after_ms"] <= 200
        assert (await site.summary())["likes"]["total"] == 50

    play(scenario)


def test_likes_over_the_limit_are_trimmed_then_refused(play: Callable[[Play], None]) -> None:
    async def scenario(site: Site) -> None:
        assert (await site.like(18)).body["accepted"] == 18
        trimmed = await site.like(20)
        assert (trimmed.status, trimmed.body["accepted"]) == (202, 2)
        assert trimmed.body["retry_after_ms"] == 200
        refused = await site.like(20)
        assert told_to_wait(refused) == 1
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.body["status"] == 429
        assert (await site.summary())["likes"]["total"] == 20
        site.forget_viewer()
        assert (await site.like(20)).body["accepted"] == 20

    play(scenario)


def test_a_viewer_sends_a_note_every_twenty_seconds_and_ten_a_day(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        for _ in range(9):
            assert (await site.note()).status == 201
            await asyncio.sleep(19.5)
            assert told_to_wait(await site.note()) == 1
            await asyncio.sleep(0.6)
        assert (await site.note()).status == 201
        await asyncio.sleep(3600)
        since_the_first = 9 * 20.1 + 3600
        left = told_to_wait(await site.note())
        assert left == pytest.approx(24 * 3600 - since_the_first, abs=1)
        assert (await site.summary())["notes"]["total"] == 10

    play(scenario)


def test_a_silent_live_stream_is_kept_alive_every_twenty_seconds(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        async with live(site) as stream:
            await stream.content.readuntil(b"\n\n")
            for _ in range(5):
                began = time()
                alive = await stream.content.readuntil(b"\n\n")
                assert alive == b"event: alive\ndata: {}\n\n"
                assert time() - began == pytest.approx(20, abs=0.01)

    play(scenario)


def test_live_streams_come_back_at_different_times(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        told = set()
        for _ in range(10):
            async with live(site) as stream:
                first = await stream.content.readline()
                told.add(int(first.removeprefix(b"retry: ")))
        assert len(told) >= 8
        assert all(3000 <= ms <= 8000 for ms in told)

    play(scenario)


def test_a_live_stream_tells_at_most_one_summary_a_second(play: Callable[[Play], None]) -> None:
    async def scenario(site: Site) -> None:
        told: list[float] = []

        async def listen() -> None:
            async with live(site) as stream:
                while True:
                    piece = await stream.content.readuntil(b"\n\n")
                    assert b"\nevent: summary\n" in piece
                    told.append(time())

        listening = asyncio.ensure_future(listen())
        for _ in range(40):
            await site.like()
            await asyncio.sleep(0.25)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        pauses = [after - before for before, after in pairwise(told)]
        assert len(pauses) >= 8
        assert all(1 - 1e-3 <= pause < 1.3 for pause in pauses)

    play(scenario)


def test_a_body_that_does_not_come_is_given_up_after_ten_seconds(
    play: Callable[[Play], None],
) -> None:
    async def scenario(site: Site) -> None:
        async def trickle() -> AsyncIterator[bytes]:
            yield b'{"n": 1,'
            await asyncio.sleep(60)

        began = time()
        reply = await site.call(
            "POST",
            f"/v1/kitchens/{KID}/likes",
            data=trickle(),
            headers={"Content-Type": "application/json"},
        )
        assert reply.status == 408
        assert time() - began == pytest.approx(10, abs=0.01)

    play(scenario)
