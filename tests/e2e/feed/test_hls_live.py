"""The demo's LL-HLS under the eyes of the validator, with the gate shut in between."""

import asyncio
from itertools import chain, dropwhile
from pathlib import Path

from support.demo import demo
from support.hls_validator import Follower, samples
from support.pictures import decode


async def test_the_stream_of_the_demo_validates(tmp_path: Path) -> None:
    """For longer than a segment is kept (`KEPT`), and than a gap is listed (`WINDOW`)."""
    async with demo(tmp_path / "state") as place:
        viewer = Follower(place.client, f"{place.url}/k/demo/stream.m3u8")
        await viewer.follow(18)
        _check_the_stream_is_as_told(viewer)
        await _check_what_left_the_playlist_is_still_there(viewer)
        await place.press("privacy")
        await viewer.stay(5)
        await place.press("privacy")
        await viewer.stay(16)
        assert viewer.playlists > 30, "two a second, or fewer where pictures come late"
        assert sum(segment.discontinuity for segment in viewer.segments.values()) >= 2
        await viewer.read_multivariant()
        _check_the_stream_is_as_told(viewer)
        await asyncio.to_thread(_check_it_plays, viewer)


def _check_the_stream_is_as_told(viewer: Follower) -> None:
    assert viewer.playlist is not None
    newest = viewer.playlist.segments[-1]
    init = viewer.inits[newest.map_uri]
    profile = init[init.index(b"avcC") + 5 :][:3]
    assert viewer.stream["CODECS"] == f"avc1.{profile.hex().upper()}"
    entry = init.index(b"avc1", init.index(b"stsd"))
    width, height = (int.from_bytes(init[entry + at :][:2], "big") for at in (28, 30))
    assert viewer.stream["RESOLUTION"] == f"{width}x{height}"
    whole = [each for each in viewer.playlist.segments if each.uri and each.parts]
    frames = sum(len(samples(viewer.parts[part.uri])) for each in whole for part in each.parts)
    rate = frames / sum(each.duration for each in whole)
    assert float(viewer.stream["FRAME-RATE"]) == 30
    assert rate <= 30 * 1.05, "and a busy machine may drop any number"


async def _check_what_left_the_playlist_is_still_there(viewer: Follower) -> None:
    assert viewer.playlist is not None
    gone = viewer.segments[viewer.playlist.sequence - 1]
    assert gone.uri is not None
    assert await viewer.media(gone.uri)


def _check_it_plays(viewer: Follower) -> None:
    assert viewer.playlist is not None
    last = [each for each in viewer.segments.values() if each.parts][-3:]
    assert len({each.map_uri for each in last}) == 1
    stream = [viewer.inits[last[0].map_uri]]
    # Where pictures came late a segment may begin without a keyframe.
    listed = chain.from_iterable(each.parts for each in last)
    parts = dropwhile(lambda part: not part.independent, listed)
    stream += [viewer.parts[part.uri] for part in parts]
    expected = sum(len(samples(part)) for part in stream[1:])
    assert len(decode(b"".join(stream))) == expected
