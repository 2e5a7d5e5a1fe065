"""Annex B reading: what goes in as NAL units comes out as them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.feed.annexb import ParameterSets, parse, split
from support.pictures import encode

# What an encoder may emit: no start code inside (emulation prevention), no zero at the end.
nal_units = st.binary(min_size=1, max_size=60).map(
    lambda data: (b"\x61" + data).replace(b"\0\0", b"\0\3").rstrip(b"\0") + b"\x80"
)


@given(
    units=st.lists(nal_units, max_size=8),
    padding=st.lists(st.integers(0, 3), min_size=8, max_size=8),
    long_codes=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_split_gives_back_what_was_joined(
    units: list[bytes], padding: list[int], long_codes: list[bool]
) -> None:
    stream = b"".join(
        (b"\0" if long else b"") + b"\0\0\1" + unit + bytes(zeros)
        for unit, zeros, long in zip(units, padding, long_codes, strict=False)
    )
    assert split(stream) == units


@given(st.binary(max_size=200))
def test_any_bytes_are_split_without_a_start_code_left(data: bytes) -> None:
    for unit in split(data):
        assert unit
        assert b"\0\0\1" not in unit
        assert not unit.endswith(b"\0")


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed(data: bytes) -> None:
    parse(data)


def test_parse_takes_the_parameter_sets_out_of_the_picture() -> None:
    sps, pps, idr = b"\x67\x42\xc0\x1f\x01", b"\x68\xce\x01", b"\x65\x88\x80"
    delimiter, filler, sei = b"\x09\x10", b"\x0c\xff\x80", b"\x06\x05\x80"
    stream = b"".join(b"\0\0\0\1" + unit for unit in (delimiter, sps, pps, sei, filler, idr))
    assert parse(stream) == (ParameterSets(sps, pps), [sei, idr])
    assert ParameterSets(sps, pps).codec == "avc1.42C01F"


def test_a_picture_without_parameter_sets_has_none() -> None:
    delta = next(unit for unit in encode([50, 60]) if not unit.keyframe)
    sets, picture = parse(delta.data)
    assert sets is None
    assert picture


@pytest.mark.parametrize(
    ("sps", "tail"),
    [
        # 4:2:0, 8 bit: ue(0) ue(1) ue(0) ue(0) = 1 010 1 1 …
        (b"\x67\x64\x00\x28\xac\x80", b"\xfd\xf8\xf8\x00"),
        # 4:2:2, 10 bit: ue(0) ue(2) ue(2) ue(2) = 1 011 011 011 …
        (b"\x67\x7a\x00\x28\xb6\xc0", b"\xfe\xfa\xfa\x00"),
    ],
)
def test_high_profiles_tell_their_sample_format(sps: bytes, tail: bytes) -> None:
    assert ParameterSets(sps, b"\x68\x01").configuration.endswith(tail)


def test_baseline_has_no_sample_format() -> None:
    assert ParameterSets(b"\x67\x42\xc0\x1f", b"\x68\x01").configuration.endswith(b"\x68\x01")
