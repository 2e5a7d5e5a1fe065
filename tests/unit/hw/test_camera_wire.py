"""The packets between daemon and camera child."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.wire import (
    CameraMessage,
    DesiredState,
    pack_access_unit,
    pack_desired_state,
    pack_format,
    pack_jpeg,
    pack_placeholder,
    pack_setup,
    unpack_access_unit,
    unpack_desired_state,
    unpack_format,
    unpack_jpeg,
    unpack_placeholder,
    unpack_setup,
)
from likelight_hw.child.packets import MAX_PAYLOAD, ChildPacket, ProtocolError, Unpacker, pack
from likelight_hw.ports import (
    AccessUnit,
    DrawnPlaceholder,
    Jpeg,
    LightFrame,
    Rendition,
    StreamFormat,
)
from support.camera import SPECS

packets = st.builds(
    ChildPacket,
    st.sampled_from(CameraMessage),
    st.integers(0, 255),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=200),
)


def only(data: bytes) -> ChildPacket:
    (packet,) = Unpacker().feed(data)
    return packet


@given(st.lists(packets, max_size=6), st.integers(1, 64))
def test_packets_survive_any_cutting_of_the_stream(sent: list[ChildPacket], step: int) -> None:
    stream = b"".join(
        pack(CameraMessage(p.kind), p.payload, flags=p.flags, captured_us=p.captured_us)
        for p in sent
    )
    unpacker = Unpacker()
    received: list[ChildPacket] = []
    for at in range(0, len(stream), step):
        received += unpacker.feed(stream[at : at + step])
    assert received == sent


def test_a_length_beyond_every_picture_is_refused() -> None:
    with pytest.raises(ProtocolError):
        list(Unpacker().feed(struct.pack("!BBxxIQ", CameraMessage.JPEG, 0, MAX_PAYLOAD + 1, 0)))


def test_each_message_comes_back_as_it_went() -> None:
    want = DesiredState(
        stream=3,
        keyframes=(2**32 - 1, 0, 7),
        jpeg_fps=12.5,
        lamp=LightFrame(0.25, (255, 0, 9)),
        ping=5,
        renditions=frozenset({Rendition.SLIDE}),
        jpegs=frozenset({Rendition.LOW, Rendition.MAIN}),
    )
    assert unpack_desired_state(only(pack_desired_state(want)).payload) == want

    placeholder = DrawnPlaceholder("private", 1280, 720, b"\0\0\0\1unit", b"\xff\xd8jpeg")
    small = DrawnPlaceholder("private", 640, 360, b"\0\0\0\1less", b"\xff\xd8small")
    for each in (placeholder, replace(placeholder, small=small)):
        assert unpack_placeholder(only(pack_placeholder(each)).payload) == each

    picture = Jpeg(b"\xff\xd8jpeg", 1_790_000_000_000_000, Rendition.LOW)
    assert unpack_jpeg(only(pack_jpeg(picture))) == picture

    form = StreamFormat(640, 360, 30, simulated=True, rendition=Rendition.LOW)
    assert unpack_format(only(pack_format(form, 7)).payload) == (form, 7)

    for rendition in Rendition:
        for keyframe in (True, False):
            unit = AccessUnit(b"\0\0\0\1unit", keyframe, 1_790_000_000_000_000, rendition)
            assert unpack_access_unit(only(pack_access_unit(unit))) == unit

    config = CameraConfig(barcode=True, badge=None, seed=4)
    assert unpack_setup(only(pack_setup(config, SPECS)).payload) == (config, list(SPECS))
