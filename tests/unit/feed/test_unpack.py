"""Fragments unpacked are what was packed; whatever else comes is refused and harms nobody."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.contract import State
from likelight.feed import fmp4
from likelight.feed.annexb import parse
from likelight.feed.fmp4 import Init
from likelight.feed.upload.protocol import (
    GateMessage,
    PacketKind,
    UploadPacket,
    UploadProtocolError,
    unpack,
)
from likelight.feed.upload.unpack import UnpackError, unpack_fragment, unpack_init
from support.pictures import HEIGHT, WIDTH, one_keyframe

SETS, UNITS = parse(one_keyframe(100))
assert SETS is not None
INIT = Init(SETS, WIDTH, HEIGHT, 30)
FRAGMENT = fmp4.fragment(
    UNITS,
    sequence=7,
    decode=90_000,
    duration=3000,
    keyframe=True,
    captured_us=1_790_000_000_000_000,
)


def test_an_init_segment_comes_back_as_it_was() -> None:
    unpacked = unpack_init(INIT.segment, width=WIDTH, height=HEIGHT, fps=30)
    assert unpacked.segment == INIT.segment
    assert unpack_init(unpacked.segment, width=WIDTH, height=HEIGHT, fps=30) == unpacked


def test_a_high_profile_comes_back_too() -> None:
    sps = bytes.fromhex("6764001facd9405005bb011000000300100000030320f162d960")
    init = Init(fmp4.ParameterSets(sps, b"\x68\xeb\xec\xb2\x2c"), 1280, 720, 25)
    assert unpack_init(init.segment, width=1280, height=720, fps=25) == init


def test_a_fragment_comes_back_as_its_units() -> None:
    assert unpack_fragment(FRAGMENT) == UNITS


def packed(units: list[bytes]) -> bytes:
    return fmp4.fragment(units, sequence=1, decode=0, duration=1, keyframe=True, captured_us=0)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=20))
def test_any_units_come_back_but_the_parameter_sets_that_a_keyframe_repeats(
    units: list[bytes],
) -> None:
    picture = [*(unit for unit in units if unit[0] & 0x1F not in (7, 8)), b"\x65"]
    assert unpack_fragment(packed([*units, b"\x65"])) == picture


def test_parameter_sets_alone_are_no_picture() -> None:
    with pytest.raises(UnpackError):
        unpack_fragment(packed([b"\x67", b"\x68"]))


@pytest.mark.parametrize("whole", [INIT.segment, FRAGMENT], ids=["init", "fragment"])
def test_what_is_cut_off_is_refused(whole: bytes) -> None:
    read = _init if whole is INIT.segment else unpack_fragment
    for end in range(len(whole)):
        with pytest.raises(UnpackError):
            read(whole[:end])


@given(st.integers(0, 2**32), st.booleans())
def test_damage_raises_nothing_but_its_own_error(seed: int, init: bool) -> None:
    rng = random.Random(seed)
    damaged = bytearray(INIT.segment if init else FRAGMENT)
    for _ in range(rng.randint(1, 8)):
        damaged[rng.randrange(len(damaged))] = rng.choice((0, 1, 255, rng.randrange(256)))
    read = _init if init else unpack_fragment
    with suppress(UnpackError):
        read(bytes(damaged))


@given(st.binary(max_size=400))
def test_noise_is_refused(noise: bytes) -> None:
    for read in (_init, unpack_fragment):
        with pytest.raises(UnpackError):
            read(noise)


@given(st.sampled_from(PacketKind), st.binary(min_size=1), st.booleans(), st.integers(0, 2**53))
def test_a_packet_comes_back(kind: PacketKind, payload: bytes, keyframe: bool, at: int) -> None:
    packet = UploadPacket(kind, payload, keyframe, at)
    assert unpack(packet.pack()) == packet


def test_the_packet_is_the_contracts() -> None:
    message = UploadPacket(PacketKind.FRAGMENT, b"moof", True, 0x0102030405060708 >> 8).pack()
    assert message == bytes.fromhex("01 01 0000 0001020304050607") + b"moof"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        bytes(12),  # no payload
        b"\x03" + bytes(11) + b"x",  # no such type
        b"\x01\x00\x00\x03" + bytes(8) + b"x",  # no such rendition
        b"\x01\x00\x00\x00" + b"\xff" * 8 + b"x",  # after the year 2255
    ],
)
def test_a_packet_of_another_shape_is_refused(message: bytes) -> None:
    with pytest.raises(UploadProtocolError):
        unpack(message)


def test_a_gate_says_what_the_contract_says() -> None:
    assert GateMessage(gate="shut", reason=State.PRIVATE).model_dump(mode="json") == {
        "gate": "shut",
        "reason": "private",
    }


def _init(segment: bytes) -> Init:
    return unpack_init(segment, width=WIDTH, height=HEIGHT, fps=30)
