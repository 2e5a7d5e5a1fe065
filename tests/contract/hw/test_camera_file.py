"""A video file as a camera: real clips, odd ones, broken ones."""

import gc
import itertools
import sys
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import H264Encoder, PaintedPicture
from likelight_hw.camera.file import FileSource
from likelight_hw.camera.probe import probe
from likelight_hw.picture.planes import Planes, blank
from likelight_hw.ports import DARK, CameraPhase, HardwareError
from support.busy import BUSY
from support.camera import SPECS, Decoder, running
from support.camera_pictures import luma, mean, read_barcode

STEP = 20
"""Frame n of a made clip is grey n * STEP + 20 all over."""


def make_clip(
    path: Path,
    count: int,
    *,
    size: tuple[int, int] = (320, 180),
    fps: int = 10,
    codec: str = "ffv1",
    gap: int = 1,
) -> Path:
    """Write a clip of `count` frames that are `gap` frame times apart."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "gray" if codec == "ffv1" else "yuv420p"
        for n in range(count):
            frame = av.VideoFrame(*size, "gray")
            frame.planes[0].update(bytes([n * STEP + 20]) * frame.planes[0].buffer_size)
            frame = frame.reformat(
                format=stream.pix_fmt, dst_color_range="JPEG" if codec == "ffv1" else "MPEG"
            )
            frame.pts = n * gap
            frame.time_base = Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def file_config(path: Path, **fields: object) -> CameraConfig:
    return CameraConfig(driver="file", path=path, **fields)  # type: ignore[arg-type]


def number(planes: Planes) -> int:
    return round((mean(planes.y) - 20) / STEP)


def test_it_plays_at_its_own_pace_in_an_endless_loop(tmp_path: Path) -> None:
    source = FileSource(file_config(make_clip(tmp_path / "clip.mkv", 5)))
    assert (source.width, source.height, source.fps) == (320, 180, 10)
    planes = blank(320, 180)
    source.start(100.0)
    now, shown = 100.0, []
    for _ in range(18):
        due = source.due(now)
        shown.append((round(due - 100.0, 6), due))
        now = max(now, due)
        source.paint(planes, now, 0, DARK)
        shown[-1] = (shown[-1][0], number(planes))
    steps = [b[0] - a[0] for a, b in itertools.pairwise(shown)]
    assert [n for _, n in shown] == [i % 5 for i in range(18)]
    assert all(abs(step - 0.1) < 1e-6 for step in steps)


def test_late_frames_are_dropped_and_a_hopeless_delay_is_forgiven(tmp_path: Path) -> None:
    source = FileSource(file_config(make_clip(tmp_path / "clip.mkv", 10)))
    planes = blank(320, 180)

    def show(now: float) -> int:
        source.due(now)
        source.paint(planes, now, 0, DARK)
        return number(planes)

    source.start(0.0)
    assert show(source.due(0.0)) == 0
    assert show(0.45) in (3, 4)
    after = show(60.0)
    assert 4 <= after <= 6
    assert show(60.1) == after + 1


def test_a_slide_show_repeats_its_picture(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "slides.mkv", 3, gap=15)
    source = FileSource(file_config(path))
    planes = blank(320, 180)
    source.start(0.0)
    now = 0.0
    shown: list[int] = []
    while now < 4.0:
        due = source.due(now)
        assert due - now <= 0.2 + 1e-6 or not shown
        now = max(now, due)
        source.paint(planes, now, 0, DARK)
        shown.append(number(planes))
    assert [n for n, m in zip(shown, [None, *shown], strict=False) if n != m] == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((65, 49), (64, 48)),
        ((1920, 1080), (1280, 720)),
        ((1081, 1921), (404, 720)),
        ((2000, 400), (1280, 256)),
        ((640, 480), (640, 480)),
    ],
)
def test_any_size_becomes_even_and_720p_at_most(
    tmp_path: Path, size: tuple[int, int], fitted: tuple[int, int]
) -> None:
    source = FileSource(file_config(make_clip(tmp_path / "clip.mkv", 2, size=size)))
    assert (source.width, source.height) == fitted
    planes = blank(*fitted)
    source.start(0.0)
    source.paint(planes, source.due(0.0), 0, DARK)
    assert number(planes) == 0


def test_limited_range_becomes_full_range(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", 11, codec="mpeg4")
    source = FileSource(file_config(path))
    planes = blank(320, 180)
    source.start(0.0)
    now = 0.0
    for expected in range(11):
        now = max(now, source.due(now))
        source.paint(planes, now, 0, DARK)
        assert abs(mean(planes.y) - (expected * STEP + 20)) <= 4


def test_a_stream_without_time_stamps_plays(tmp_path: Path) -> None:
    encoder, picture = H264Encoder(320, 180, 25, 500_000), PaintedPicture(320, 180)
    path = tmp_path / "raw.h264"
    path.write_bytes(b"".join(encoder.encode(picture, keyframe=False)[0] for _ in range(10)))
    source = FileSource(file_config(path))
    planes = blank(320, 180)
    source.start(0.0)
    times = []
    now = 0.0
    for _ in range(30):
        now = max(now, source.due(now))
        times.append(now)
        source.paint(planes, now, 0, DARK)
    assert abs(times[-1] - times[1] - 28 / source.fps) < 0.05


def test_a_phones_upright_video_stands_upright(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "phone.mp4", 3, codec="mpeg4")
    turned = bytearray(path.read_bytes())
    matrix = turned.index(b"tkhd") + 44
    one = (1 << 16).to_bytes(4, "big")
    zero, minus = bytes(4), (-(1 << 16)).to_bytes(4, "big", signed=True)
    turned[matrix : matrix + 20] = zero + one + zero + minus + zero
    path.write_bytes(turned)
    source = FileSource(file_config(path))
    assert (source.width, source.height) == (180, 320)
    planes = blank(180, 320)
    source.start(0.0)
    source.paint(planes, source.due(0.0), 0, DARK)
    assert number(planes) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="counts by way of Linux's /proc")
def test_hundreds_of_loops_keep_nothing(tmp_path: Path) -> None:
    source = FileSource(file_config(make_clip(tmp_path / "clip.mkv", 2)))
    planes = blank(320, 180)
    source.start(0.0)
    now = 0.0

    def play(frames: int) -> tuple[int, int]:
        nonlocal now
        for _ in range(frames):
            now = max(now, source.due(now))
            source.paint(planes, now, 0, DARK)
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(list(Path("/proc/self/fd").iterdir())), pages * 4

    descriptors, kilobytes = play(200)
    assert play(600) <= (descriptors, kilobytes + 8_000)


def unreadable(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    yield "no such file", tmp_path / "missing.mp4"
    text = tmp_path / "recipe.txt"
    text.write_text("Flour, water, salt, yeast.\n" * 50)
    yield "not a video", text
    empty = tmp_path / "empty.mp4"
    empty.touch()
    yield "not a video", empty
    yield "not a file", tmp_path
    sound = tmp_path / "sound.wav"
    with wave.open(str(sound), "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(16000))
    yield "there is no video in it", sound
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(make_clip(tmp_path / "whole.mp4", 5, codec="mpeg4").read_bytes()[:200])
    yield "not a video", cut


async def test_probe_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    for why, path in unreadable(tmp_path):
        with pytest.raises(HardwareError) as failure:
            await probe(file_config(path))
        words = str(failure.value)
        assert words.startswith(f"can't read {path}: {why}")
        assert "\n" not in words


async def test_probe_is_content_with_what_plays(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", 2)
    await probe(CameraConfig())
    await probe(file_config(path))
    with pytest.raises(HardwareError, match="barcode needs a picture 384 pixels wide"):
        await probe(file_config(path, barcode=True))


async def test_a_file_that_goes_missing_is_a_failure_in_words(tmp_path: Path) -> None:
    path = tmp_path / "gone.mkv"
    async with running(file_config(path)) as (camera, sink):
        camera.start()
        await sink.until(lambda: CameraPhase.FAILED in sink.phases)
        assert camera.status.reason == f"can't read {path}: no such file"
        make_clip(path, 3)
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)


async def test_a_file_that_goes_and_comes_back_needs_no_new_process(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", 3)
    async with running(file_config(path)) as (camera, sink):
        camera.start()
        await sink.next_keyframe()
        path.unlink()
        await sink.until(lambda: CameraPhase.FAILED in sink.phases)
        camera.stop()
        assert camera.status.phase is CameraPhase.FAILED, "nobody has it, whether asked for or not"
        camera.start()
        make_clip(path, 3, size=(400, 300))
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
        assert (sink.formats[-1].width, sink.formats[-1].height) == (400, 300)
        assert camera.restarts == 0


async def test_a_real_clip_streams_with_badge_barcode_and_placeholders(clips: Path) -> None:
    config = file_config(clips / "bigbuckbunny.mp4", barcode=True)
    async with running(config, SPECS) as (camera, sink):
        camera.start()
        units = await sink.more_units(30)
    (form,) = sink.formats
    assert (form.width, form.height, form.fps, form.simulated) == (1280, 720, 25, True)
    assert [(p.width, p.height) for p in sink.placeholders] == [(1280, 720)] * len(SPECS)
    decoder = Decoder()
    for unit in units:
        picture = luma(decoder.decode(unit.data))
        assert read_barcode(picture) == unit.captured_us // 1000 % 2**20
    corner = picture.crop((30, 650, 190, 700))
    darkest, lightest = corner.getextrema()
    assert isinstance(darkest, int)
    assert isinstance(lightest, int)
    assert darkest < 60
    assert lightest > 200
    pace = (units[-1].captured_us - units[0].captured_us) / 29e6
    assert 1 / 25 - 0.006 < pace < BUSY / 25, "never faster; a busy machine leaves some out"
