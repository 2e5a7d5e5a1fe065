"""Follows a live playlist as a low-latency player does, and holds it to RFC 8216bis's rules.

Apple's own validator runs on macOS only; this one also decodes nothing, but reads every part's
boxes and compares them with what the playlist says of them.
"""

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from urllib.parse import urljoin

import aiohttp

from support.boxes import Sample, read_fragment

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_EXACT_S = 0.001  # durations are written to 10 us
_PDT_S = 0.0011  # the dates are written to milliseconds


def attributes(line: str) -> dict[str, str]:
    """Return the attribute list of a tag, unquoted."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


@dataclass(frozen=True)
class ListedPart:
    uri: str
    duration: float
    independent: bool
    gap: bool


@dataclass(frozen=True)
class ListedSegment:
    """A segment of a playlist; without a URI it is still open."""

    number: int
    map_uri: str
    date_time: datetime
    discontinuity: bool
    parts: tuple[ListedPart, ...]
    uri: str | None = None
    duration: float = 0.0
    gap: bool = False
    """It can't be had any more."""


@dataclass(frozen=True)
class Playlist:
    """A media playlist, read; every URI is absolute."""

    target: int
    control: str
    part_target: float
    sequence: int
    discontinuity_sequence: int
    segments: tuple[ListedSegment, ...]
    hint: str
    independent_segments: bool

    @property
    def next_part(self) -> tuple[int, int]:
        """What to ask for next, as (_HLS_msn, _HLS_part)."""
        last = self.segments[-1]
        return (last.number + 1, 0) if last.uri else (last.number, len(last.parts))

    @property
    def parts(self) -> list[tuple[ListedSegment, ListedPart]]:
        return [(segment, part) for segment in self.segments for part in segment.parts]

    @property
    def duration(self) -> float:
        return sum(each.duration for each in self.segments)


def read_playlist(text: str, url: str) -> Playlist:
    """Parse a media playlist, and check what can be seen in it alone."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert len(re.findall(r"^#EXT-X-VERSION:(?:[6-9]|1\d)$", text, re.MULTILINE)) == 1

    def only(tag: str) -> str:
        (line,) = (line for line in lines if line.startswith(f"#{tag}:"))
        return line.partition(":")[2]

    segments: list[ListedSegment] = []
    number = sequence = int(only("EXT-X-MEDIA-SEQUENCE"))
    map_uri = ""
    date_time: datetime | None = None
    discontinuity = gap = False
    parts: list[ListedPart] = []
    extinf = ""
    for line in lines:
        if line.startswith("#EXT-X-MAP:"):
            assert not map_uri or discontinuity, "a new init without a discontinuity"
            map_uri = urljoin(url, attributes(line)["URI"])
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date_time = datetime.fromisoformat(line.partition(":")[2].replace("Z", "+00:00"))
        elif line == "#EXT-X-DISCONTINUITY":
            discontinuity = True
        elif line == "#EXT-X-GAP":
            gap = True
        elif line.startswith("#EXT-X-PART:"):
            part = attributes(line)
            independent, missing = (part.get(name) == "YES" for name in ("INDEPENDENT", "GAP"))
            uri = urljoin(url, part["URI"])
            parts.append(ListedPart(uri, float(part["DURATION"]), independent, missing))
        elif line.startswith("#EXTINF:"):
            extinf = line.partition(":")[2].rstrip(",")
        elif not line.startswith("#"):
            assert date_time is not None, "a segment without a PROGRAM-DATE-TIME"
            listed = tuple(parts)
            uri = urljoin(url, line)
            segments.append(
                ListedSegment(
                    number, map_uri, date_time, discontinuity, listed, uri, float(extinf), gap
                )
            )
            number, parts, date_time, extinf = number + 1, [], None, ""
            discontinuity = gap = False
    if parts:
        assert date_time is not None, "an open segment without a PROGRAM-DATE-TIME"
        listed = tuple(parts)
        segments.append(ListedSegment(number, map_uri, date_time, discontinuity, listed))
    assert segments
    assert all(segment.map_uri for segment in segments)
    hint = attributes("EXT-X-PRELOAD-HINT:" + only("EXT-X-PRELOAD-HINT"))
    assert hint["TYPE"] == "PART"
    return Playlist(
        target=int(only("EXT-X-TARGETDURATION")),
        control=only("EXT-X-SERVER-CONTROL"),
        part_target=float(attributes("x:" + only("EXT-X-PART-INF"))["PART-TARGET"]),
        sequence=sequence,
        discontinuity_sequence=int(only("EXT-X-DISCONTINUITY-SEQUENCE")),
        segments=tuple(segments),
        hint=urljoin(url, hint["URI"]),
        independent_segments="#EXT-X-INDEPENDENT-SEGMENTS" in lines,
    )


def check_alone(playlist: Playlist) -> None:
    """Check the rules on durations, dates and hold-backs."""
    control = attributes("x:" + playlist.control)
    assert control["CAN-BLOCK-RELOAD"] == "YES"
    assert float(control["PART-HOLD-BACK"]) >= 3 * playlist.part_target - 1e-6
    assert float(control["HOLD-BACK"]) >= 3 * playlist.target
    for segment in playlist.segments:
        assert int(segment.duration + 0.5) <= playlist.target
        assert all(part.gap == segment.gap for part in segment.parts)
        for index, part in enumerate(segment.parts):
            assert part.duration <= playlist.part_target + 1e-9
            last = segment.uri is not None and index == len(segment.parts) - 1
            assert last or part.duration >= 0.85 * playlist.part_target - 1e-5, playlist
        if segment.uri is not None and segment.parts:
            inside = sum(part.duration for part in segment.parts)
            assert abs(inside - segment.duration) < _EXACT_S
    uris = [part.uri for _, part in playlist.parts]
    uris += [segment.uri for segment in playlist.segments if segment.uri]
    assert len(uris) == len(set(uris))
    for early, late in pairwise(playlist.segments):
        drift = (late.date_time - early.date_time).total_seconds() - early.duration
        assert late.discontinuity or abs(drift) < _PDT_S
    with_parts = [segment.number for segment in playlist.segments if segment.parts]
    newest = playlist.segments[-1].number
    if playlist.independent_segments:
        assert all(segment.parts[0].independent for segment in playlist.segments if segment.parts)
    assert with_parts == list(range(with_parts[0], newest + 1)), "parts only at the end"


def check_successor(old: Playlist, new: Playlist) -> None:
    """Check that `new` may follow `old`: nothing but additions at its end, removals at its head."""
    assert (new.target, new.control, new.part_target) == (
        old.target,
        old.control,
        old.part_target,
    )
    assert new.sequence >= old.sequence
    if new.sequence > old.segments[-1].number:
        # Nobody had watched.
        assert new.segments[0].discontinuity
        assert new.discontinuity_sequence >= old.discontinuity_sequence
        return
    gone = [segment for segment in old.segments if segment.number < new.sequence]
    removed = sum(segment.discontinuity for segment in gone)
    assert new.discontinuity_sequence == old.discontinuity_sequence + removed
    if gone:
        assert new.duration >= 3 * new.target, "removed too early"
    known = {segment.number: segment for segment in new.segments}
    for before in old.segments[len(gone) :]:
        after = known[before.number]
        assert after.date_time == before.date_time
        assert after.map_uri == before.map_uri
        assert after.discontinuity == before.discontinuity
        assert after.gap or not before.gap
        parts = [replace(part, gap=after.gap) for part in before.parts]
        if before.uri:
            assert (after.uri, after.duration) == (before.uri, before.duration)
            assert not after.parts or list(after.parts) == parts
        else:
            assert list(after.parts[: len(parts)]) == parts
    if any(segment.gap for segment in new.segments if segment.number >= old.segments[-1].number):
        return  # The gate shut, and what was hinted will never come.
    old_parts = {part.uri for _, part in old.parts}
    fresh = [part.uri for _, part in new.parts if part.uri not in old_parts]
    assert not fresh or fresh[0] == old.hint, "the hint was not honoured"


def samples(part: bytes) -> list[Sample]:
    """Return the samples of a part, which is prft, moof and mdat over and over."""
    found = []
    while part:
        begin, size = 0, 0
        for _ in range(3):
            begin += size
            size = int.from_bytes(part[begin : begin + 4], "big")
        found.append(read_fragment(part[: begin + size]))
        part = part[begin + size :]
    return found


@dataclass
class Follower:
    """A low-latency viewer that keeps what it gets, and checks each of it."""

    session: aiohttp.ClientSession
    url: str
    """Of the first playlist."""
    media_url: str = ""
    playlist: Playlist | None = None
    playlists: int = 0
    stream: dict[str, str] = field(default_factory=dict)
    """The attributes of the main rendition in the first playlist."""
    parts: dict[str, bytes] = field(default_factory=dict)
    inits: dict[str, bytes] = field(default_factory=dict)
    segments: dict[int, ListedSegment] = field(default_factory=dict)
    """Every segment that was listed as complete, with its parts."""

    async def start(self) -> None:
        """Read the first playlist and the media playlist once."""
        await self.read_multivariant()
        await self._see(await self._text(self.media_url, lifetime=1))

    async def read_multivariant(self) -> None:
        """Read the first playlist."""
        text = await self._text(self.url, lifetime=1)
        info, uri = text.splitlines()[2:4]  # the main rendition's
        assert info.startswith("#EXT-X-STREAM-INF:")
        self.stream = attributes(info)
        assert int(self.stream["BANDWIDTH"]) >= int(self.stream["AVERAGE-BANDWIDTH"]) > 0
        self.media_url = urljoin(self.url, uri)

    async def step(self) -> None:
        """Ask for the next part with a blocking reload."""
        assert self.playlist is not None
        number, part = self.playlist.next_part
        asked = f"{self.media_url}?_HLS_msn={number}&_HLS_part={part}"
        await self._see(await self._text(asked, lifetime=12))
        assert self.playlist.next_part > (number, part), "the answer lacks what was asked for"

    async def follow(self, seconds: float) -> None:
        """Start, and stay for `seconds`."""
        await self.start()
        await self.stay(seconds)

    async def stay(self, seconds: float) -> None:
        """Follow on for `seconds`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await self.step()

    async def media(self, uri: str) -> bytes:
        """Get a part, a segment or an init."""
        async with self.session.get(uri) as reply:
            assert reply.status == 200, uri
            lifetime = re.search(r"max-age=(\d+)", reply.headers["Cache-Control"])
            assert lifetime is not None
            assert int(lifetime[1]) <= 30
            return await reply.read()

    async def _text(self, url: str, *, lifetime: int) -> str:
        async with self.session.get(url) as reply:
            assert reply.status == 200, url
            assert reply.content_type == "application/vnd.apple.mpegurl"
            assert reply.headers["Content-Encoding"] == "gzip"
            assert f"max-age={lifetime}" in reply.headers["Cache-Control"]
            return await reply.text()

    async def _see(self, text: str) -> None:
        playlist = read_playlist(text, self.media_url)
        check_alone(playlist)
        if self.playlist is not None:
            check_successor(self.playlist, playlist)
        self.playlist = playlist
        self.playlists += 1
        for segment, part in playlist.parts:
            if part.gap:
                continue
            if segment.map_uri not in self.inits:
                self.inits[segment.map_uri] = await self.media(segment.map_uri)
            if part.uri not in self.parts:
                self.parts[part.uri] = await self.media(part.uri)
                self._check_part(part)
        for segment in playlist.segments:
            if segment.uri and not segment.gap and segment.number not in self.segments:
                self.segments[segment.number] = segment
                if segment.parts:
                    whole = b"".join(self.parts[part.uri] for part in segment.parts)
                    assert await self.media(segment.uri) == whole

    def _check_part(self, part: ListedPart) -> None:
        inside = samples(self.parts[part.uri])
        assert part.independent == inside[0].keyframe
        assert all(late.decode == early.decode + early.duration for early, late in pairwise(inside))
        lasts = sum(sample.duration for sample in inside) / 90_000
        stalled = any(sample.duration / 90_000 > part.duration for sample in inside)
        assert stalled or abs(lasts - part.duration) < _EXACT_S
