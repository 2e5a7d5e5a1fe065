"""LL-HLS over real sockets: blocking reloads, lifetimes, the gate, and senseless requests."""

import asyncio
from typing import Any

import aiohttp
import pytest

from likelight.contract import State
from likelight.feed.cutoff import SHUT_WITHIN_S
from likelight.feed.hls import hls as hls_module
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from support.feed import SHADES, kitchen
from support.hls import PLAYLIST, Camera, second, status, text, watched_kitchen
from support.hls_validator import check_alone, check_successor, read_playlist, samples
from support.pictures import CAMERA_SHADE, decode, heavy
from support.watcher import raw_viewer, read_to_the_end

UNDER = "/k/demo/hls/an-epoch/"

# Segment 0 is the placeholder that was shown until the camera began; the camera's begin with 1.


def near(shade: int, expected: int) -> bool:
    return abs(shade - expected) <= 4


async def asked(task: asyncio.Task[Any]) -> bool:
    """Let a request arrive; return whether it is answered already."""
    done, _ = await asyncio.wait([task], timeout=0.15)
    return bool(done)


async def test_the_first_request_wakes_the_camera_and_is_held_until_a_player_can_start() -> None:
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(text(session, "/k/demo/stream.m3u8"))
            await place.demands.until(Demand(h264=1))
            camera = Camera(place.hub)
            camera.roll(30)
            assert not await asked(first), "one second is less than a player stays behind"
            camera.roll(30)
        info, uri = first.result().splitlines()[2:4]
        assert 'CODECS="avc1.42C0' in info
        assert "RESOLUTION=320x192,FRAME-RATE=30.000" in info
        assert uri == "hls/an-epoch/live.m3u8"
        check_alone(read_playlist(await text(session, PLAYLIST), place.url + PLAYLIST))


async def test_each_rendition_is_listed_and_is_made_while_somebody_follows_it() -> None:
    async with watched_kitchen() as (place, session):
        camera = Camera(place.hub)
        low = frozenset({Rendition.LOW})
        uris = []

        def roll(frames: int) -> None:
            for number in range(frames):
                camera.push(second(30)[number % 30], place.hub.demand.renditions)

        roll(90)
        lines = (await text(session, "/k/demo/stream.m3u8")).splitlines()[2:]
        for info, uri in zip(lines[::2], lines[1::2], strict=True):
            assert info.startswith("#EXT-X-STREAM-INF:BANDWIDTH=")
            assert 'CODECS="avc1.42C0' in info
            uris.append(uri)
        assert uris == [f"hls/an-epoch/{under}live.m3u8" for under in ("", "low/", "slide/")]
        told = [info.partition(":")[2].split(",") for info in lines[2::2]]
        rates = [int(info.partition("BANDWIDTH=")[2].partition(",")[0]) for info in lines[::2]]
        assert rates[0] > rates[1] > rates[2] > 0, (
            "a still kitchen's main one needs next to nothing"
        )
        assert [each[3:5] for each in told] == [
            ["RESOLUTION=320x192", f"FRAME-RATE={fps:.3f}"] for fps in (30, 5)
        ], "which are known before any of them was made"
        alone = (await text(session, "/k/demo/main.m3u8")).splitlines()
        assert alone == ["#EXTM3U", "#EXT-X-VERSION:10", *lines[:2]]
        assert place.hub.demand.renditions == frozenset(), "to be listed is not to be watched"
        first = UNDER + "low/live.m3u8"
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(text(session, first))
            await place.demands.until(Demand(h264=2))
            assert place.hub.demand.renditions == low
            roll(90)
        playlist = read_playlist(asking.result(), place.url + first)
        check_alone(playlist)
        number, part = playlist.next_part
        roll(30)
        after = await text(session, f"{first}?_HLS_msn={number}&_HLS_part={part}")
        check_successor(playlist, read_playlist(after, place.url + first))
        listed = [each.uri for _, each in playlist.parts]
        assert await status(session, listed[-1]) == 200
        place.hub.show(State.PRIVATE)
        assert {await status(session, uri) for uri in listed} == {404}


async def test_a_segment_is_its_parts_and_plays() -> None:
    async with watched_kitchen() as (place, session):
        Camera(place.hub).roll(130)
        playlist = read_playlist(await text(session, PLAYLIST), place.url + PLAYLIST)
        for segment in playlist.segments[-2:]:
            parts = b""
            for part in segment.parts:
                async with session.get(part.uri) as reply:
                    parts += await reply.read()
            async with session.get(segment.map_uri) as reply:
                init = await reply.read()
            if segment.uri:
                async with session.get(segment.uri) as reply:
                    assert await reply.read() == parts
            shades = decode(init + parts)
            assert len(shades) == len(samples(parts))
            assert all(near(shade, CAMERA_SHADE) for shade in shades)


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=0",
        "_HLS_msn=x",
        "_HLS_msn=-1",
        "_HLS_msn=1.0",
        "_HLS_msn=",
        "_HLS_msn=1&_HLS_msn=1",
        "_HLS_msn=99999999999999999999999",
        "_HLS_msn=5",
        "_HLS_msn=1&_HLS_part=x",
        "_HLS_msn=2&_HLS_part=9",
        "_HLS_msn=3&_HLS_part=6",
    ],
)
async def test_a_reload_that_makes_no_sense_is_a_bad_request(query: str) -> None:
    async with watched_kitchen() as (place, session):
        Camera(place.hub).roll(60 + 40)  # segment 1 is closed, 2 has two parts
        async with session.get(f"{PLAYLIST}?{query}") as reply:
            assert reply.status == 400
            assert reply.headers["Cache-Control"] == "no-store"


async def test_a_part_past_the_last_one_is_the_first_of_the_next_segment() -> None:
    async with watched_kitchen() as (place, session), asyncio.TaskGroup() as group:
        camera = Camera(place.hub)
        camera.roll(61)  # segment 1 has four parts, and is closed; 2 has none
        waiting = group.create_task(text(session, f"{PLAYLIST}?_HLS_msn=1&_HLS_part=4"))
        assert not await asked(waiting)
        camera.roll(17)
        assert read_playlist(await waiting, place.url).segments[-1].number == 2


async def test_a_reload_without_a_part_waits_for_the_whole_segment() -> None:
    async with watched_kitchen() as (place, session), asyncio.TaskGroup() as group:
        camera = Camera(place.hub)
        camera.roll(60)
        waiting = group.create_task(text(session, f"{PLAYLIST}?_HLS_msn=1"))
        assert not await asked(waiting)
        camera.roll(1)
        assert read_playlist(await waiting, place.url).segments[-1].uri


async def test_the_hinted_part_is_held_until_it_is_complete() -> None:
    async with watched_kitchen() as (place, session), asyncio.TaskGroup() as group:
        camera = Camera(place.hub)
        camera.roll(60)
        hint = read_playlist(await text(session, PLAYLIST + "?_HLS_msn=1&_HLS_part=1"), "/").hint
        assert hint == "/1.3.m4s"
        waiting = group.create_task(status(session, UNDER + "1.3.m4s"))
        assert not await asked(waiting)
        camera.roll(1)
        assert await waiting == 200
        assert await status(session, UNDER + "1.4.m4s") == 404


async def test_who_waits_too_long_learns_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hls_module, "HOLD_S", 0.1)
    async with watched_kitchen() as (place, session):
        Camera(place.hub).roll(100)
        for uri in (f"{PLAYLIST}?_HLS_msn=3", UNDER + "2.2.m4s"):
            async with session.get(uri) as reply:
                assert reply.status == 503
                assert reply.headers["Retry-After"] == "1"
                assert reply.headers["Cache-Control"] == "no-store"


async def test_a_playlist_is_rendered_once_for_all_who_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered = []
    render = hls_module.media_playlist

    def counting(window: Any) -> Any:
        rendered.append(render(window))
        return rendered[-1]

    monkeypatch.setattr(hls_module, "media_playlist", counting)
    async with watched_kitchen() as (place, session), asyncio.TaskGroup() as group:
        camera = Camera(place.hub)
        camera.roll(61)
        uri = f"{PLAYLIST}?_HLS_msn=2&_HLS_part=0"
        waiting = [group.create_task(text(session, uri)) for _ in range(80)]
        assert not await asked(waiting[0])
        camera.roll(17)
        answers = {await answer for answer in waiting}
    assert len(rendered) == 1
    assert answers == {rendered[0].plain.decode()}


async def test_another_stream_brings_a_discontinuity_and_another_init() -> None:
    async with watched_kitchen() as (place, session):
        camera = Camera(place.hub)
        camera.roll(100)
        before = read_playlist(await text(session, PLAYLIST), "/")
        camera.restart(fps=25)
        camera.roll(60)
        after = read_playlist(await text(session, PLAYLIST), "/")
        check_alone(after)
        assert [each.discontinuity for each in after.segments] == [False, True, False, True]
        assert len({each.map_uri for each in after.segments}) == 3
        last = before.segments[-1]
        assert after.segments[2].parts[: len(last.parts)] == last.parts
        camera.roll(450)
        much_later = read_playlist(await text(session, PLAYLIST), "/")
        assert much_later.discontinuity_sequence == 2


async def test_a_shut_gate_takes_every_picture_back() -> None:
    async with watched_kitchen() as (place, session), asyncio.TaskGroup() as group:
        camera = Camera(place.hub)
        camera.roll(150)
        playlist = read_playlist(await text(session, PLAYLIST), place.url + PLAYLIST)
        number, part = playlist.next_part
        uri = f"{PLAYLIST}?_HLS_msn={number}&_HLS_part={part}"
        waiting = group.create_task(text(session, uri))
        hinted = group.create_task(status(session, playlist.hint))
        assert not await asked(waiting)
        place.hub.show(State.PRIVATE)
        camera.roll(60)  # it does not know yet
        uris = [each.uri for each in playlist.segments if each.uri]
        uris += [each.uri for _, each in playlist.parts]
        assert {await status(session, each) for each in uris} == {404}
        assert await hinted == 404
        after = read_playlist(await waiting, place.url + PLAYLIST)
        check_alone(after)
        check_successor(playlist, after)
        *gone, placeholder = after.segments
        assert [each.number for each in gone] == [each.number for each in playlist.segments]
        assert all(each.gap for each in gone), "their places stay, or players lose their way"
        assert placeholder.discontinuity
        async with session.get(placeholder.map_uri) as reply:
            stream = await reply.read()
        async with session.get(placeholder.parts[0].uri) as reply:
            stream += await reply.read()
        assert all(near(shade, SHADES[State.PRIVATE]) for shade in decode(stream))


async def test_who_reads_a_part_slowly_does_not_get_the_rest_after_a_shut() -> None:
    async with watched_kitchen() as (place, _):
        camera = Camera(place.hub)
        camera.roll(1)
        for _ in range(20):
            camera.push(heavy(500_000, keyframe=False))
        async with raw_viewer(place, UNDER + "1.0.m4s") as reader:
            place.hub.show(State.PRIVATE)
            await asyncio.sleep(2 * SHUT_WITHIN_S)  # deaf for longer than it is given
            with pytest.raises(ConnectionResetError):
                await read_to_the_end(reader)


async def test_lifetimes_encodings_and_heads() -> None:
    async with watched_kitchen() as (place, session):
        Camera(place.hub).roll(130)
        plain = {"Accept-Encoding": "identity"}
        for uri, kind, lifetime in (
            ("/k/demo/stream.m3u8", "application/vnd.apple.mpegurl", "public, max-age=1"),
            (PLAYLIST, "application/vnd.apple.mpegurl", "public, max-age=1"),
            (PLAYLIST + "?_HLS_msn=1", "application/vnd.apple.mpegurl", "public, max-age=12"),
            (UNDER + "init-1.mp4", "video/mp4", "public, max-age=12"),
            (UNDER + "1.m4s", "video/iso.segment", "public, max-age=2"),
            (UNDER + "1.1.m4s", "video/iso.segment", "public, max-age=2"),
        ):
            async with session.get(uri) as packed, session.get(uri, headers=plain) as unpacked:
                assert packed.headers["Cache-Control"] == lifetime
                assert packed.content_type == kind
                is_text = kind.endswith("mpegurl")
                assert ("Content-Encoding" in packed.headers) == is_text
                assert ("Vary" in packed.headers) == is_text
                assert "Content-Encoding" not in unpacked.headers
                assert await packed.read() == await unpacked.read()
            async with session.head(uri) as head:
                assert head.status == 200
                assert head.headers["Cache-Control"] == lifetime
        assert await status(session, PLAYLIST.replace("an-epoch", "another")) == 404
        assert await status(session, "/k/nobody/stream.m3u8") == 404
        assert await status(session, UNDER + "7.m4s") == 404
        assert await status(session, UNDER + "init-3.mp4") == 404
