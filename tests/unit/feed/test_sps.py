"""What the SPS that viewers get says of the frame rate, as FFmpeg reads it."""

import io
import re

import av
import av.logging
import pytest
from av.bitstream import BitStreamFilterContext
from hypothesis import given
from hypothesis import strategies as st

from likelight.contract import State
from likelight.feed.annexb import parse
from likelight.feed.fmp4 import Init
from likelight.feed.placeholders import Placeholder, packaged_placeholders
from likelight.feed.sps import with_rate
from likelight.feed.upload.unpack import unpack_init
from likelight_hw.camera.encode import H264Encoder, PaintedPicture

RATE = ("timing_info_present_flag", "num_units_in_tick", "time_scale", "fixed_frame_rate_flag")
# Of trace_headers: position, name, bits, "=", value.
FIELD = re.compile(r"\d+ +(\S+) +[01]+ = (-?\d+)\n?")


def keyframe(fps: int = 30) -> bytes:
    return H264Encoder(1280, 720, fps, 2_000_000).encode(PaintedPicture(1280, 720), keyframe=True)[
        0
    ]


def of_codec(**options: str) -> bytes:
    """Return a keyframe of x264 with other options than ours."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = 320, 192, "yuv420p"
    codec.options = {"tune": "zerolatency", **options}
    return bytes(codec.encode(av.VideoFrame(320, 192, "yuv420p"))[0])


def fields(sps: bytes, picture: bytes) -> dict[str, int]:
    """Return every field of `sps`, read with the `picture` that it belongs to."""
    sets, units = parse(picture)
    assert sets is not None
    stream = b"".join(b"\0\0\0\1" + unit for unit in (sps, sets.pps, *units))
    before = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with (
            av.logging.Capture() as lines,
            av.open(io.BytesIO(stream), format="h264") as container,
        ):
            trace = BitStreamFilterContext("trace_headers", in_stream=container.streams.video[0])
            for packet in container.demux(video=0):
                trace.filter(packet)
    finally:
        av.logging.set_level(before)
    text = [message for _, source, message in lines if source == "trace_headers"]
    begin = text.index("Sequence Parameter Set\n")
    end = text.index("Picture Parameter Set\n", begin)
    found = map(FIELD.fullmatch, text[begin:end])
    return {field[1]: int(field[2]) for field in found if field}


def sent(init: Init) -> bytes:
    """Return the SPS in the init segment."""
    return unpack_init(init.segment, width=init.width, height=init.height, fps=init.fps).sets.sps


def rate(sps: bytes, picture: bytes) -> list[int | None]:
    found = fields(sps, picture)
    return [found.get(name) for name in RATE]


@pytest.mark.parametrize("fps", [15, 25, 30, 60])
def test_a_cameras_stream_tells_its_rate_and_promises_none(fps: int) -> None:
    picture = keyframe(fps)
    sets, _ = parse(picture)
    assert sets is not None
    assert rate(sets.sps, picture) == [1, 1, 2 * fps, 1], "what x264 writes"
    assert rate(sent(Init(sets, 1280, 720, fps)), picture) == [1, 1, 2 * fps, 0]


@pytest.mark.parametrize("simulated", [True, False])
def test_each_packaged_placeholder_tells_the_rate_at_which_it_comes(simulated: bool) -> None:
    for placeholder in packaged_placeholders(simulated=simulated):
        assert rate(sent(placeholder.init), keyframe()) == [1, 1, 8, 0], placeholder.state


def test_so_does_one_that_a_camera_drew() -> None:
    picture = keyframe()
    drawn = Placeholder.from_keyframe(State.IDLE, picture, b"", 1280, 720)
    assert rate(sent(drawn.init), picture) == [1, 1, 8, 0]


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "baseline"},
        {
            "profile": "main",
            "x264-params": "nal-hrd=cbr:vbv-maxrate=900:vbv-bufsize=900:bitrate=900",
        },
        {"profile": "high"},
        {"x264-params": "sar=3/2:overscan=show:videoformat=pal:chromaloc=2:interlaced=1"},
        {"x264-params": "sar=12000/11999:colorprim=bt709:fullrange=on"},
    ],
)
def test_nothing_else_changes(options: dict[str, str]) -> None:
    picture = of_codec(**options)
    sets, _ = parse(picture)
    assert sets is not None
    before, after = fields(sets.sps, picture), fields(with_rate(sets.sps, 4), picture)
    assert after == before | {"num_units_in_tick": 1, "time_scale": 8, "fixed_frame_rate_flag": 0}


def test_one_that_tells_no_rate_stays_as_it_is() -> None:
    # 320x192 of baseline, without a VUI.
    sps = bytes.fromhex("6742c00dda050664")
    assert "timing_info_present_flag" not in fields(sps, of_codec(profile="baseline"))
    assert with_rate(sps, 4) == sps


@given(st.binary(max_size=200))
def test_any_bytes_make_no_error_and_no_start_code(data: bytes) -> None:
    made = with_rate(b"\x67\x42" + data.replace(b"\0\0", b"\0\5"), 4)
    assert not re.search(rb"\0\0[\0-\2]", made)
