"""The sequence parameter set of H.264, read just far enough (ITU-T H.264, 7.3.2.1.1 and E.1.1)."""

import re

HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128})
"""The SPS and avcC of these carry the chroma format and bit depths."""

_SAR_EXTENDED = 255
_MOST_REFERENCES = 255
_MOST_ZEROS = 32  # before the first bit set of a number; bytes that are not an SPS may have more
_MISTAKABLE = re.compile(rb"\0\0(?=[\0-\3])")
"""What an emulation prevention byte must follow (7.4.1), lest it looks like a start code."""


def sample_format(sps: bytes) -> tuple[int, int, int]:
    """Return chroma_format_idc and the bit depths of luma and chroma of a high-profile SPS."""
    bits = _Bits(sps)
    bits.exp_golomb()  # seq_parameter_set_id
    return _sample_format(bits)


def with_rate(sps: bytes, fps: int) -> bytes:
    """Return `sps` with `fps` pictures a second, not fixed, where its VUI tells a rate.

    One that tells none comes back as it is, and so do bytes that are not an SPS.
    """
    if len(sps) < 4:
        return sps
    bits = _Bits(sps)
    # num_units_in_tick and time_scale, of two ticks a picture; fixed_frame_rate_flag.
    rate = f"{1:032b}{2 * fps:032b}0"
    tells = _goes_to_timing(bits, high=sps[1] in HIGH_PROFILES) and bits.take(1)
    return bits.replaced(rate) if tells and bits.left >= len(rate) else sps


def _sample_format(bits: "_Bits") -> tuple[int, int, int]:
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.take(1)  # separate_colour_plane_flag
    return chroma, 8 + bits.exp_golomb(), 8 + bits.exp_golomb()


def _goes_to_timing(bits: "_Bits", *, high: bool) -> bool:
    """Go to timing_info_present_flag; return False where there is no VUI."""
    bits.exp_golomb()  # seq_parameter_set_id
    if high:
        _sample_format(bits)
        bits.take(1)  # qpprime_y_zero_transform_bypass_flag
        if bits.take(1):  # scaling lists, which no camera here has
            return False
    bits.exp_golomb()  # log2_max_frame_num_minus4
    order = bits.exp_golomb()  # pic_order_cnt_type
    if order == 0:
        bits.exp_golomb()  # log2_max_pic_order_cnt_lsb_minus4
    elif order == 1:
        bits.take(1)  # delta_pic_order_always_zero_flag
        bits.exp_golomb()  # offset_for_non_ref_pic
        bits.exp_golomb()  # offset_for_top_to_bottom_field
        for _ in range(min(bits.exp_golomb(), _MOST_REFERENCES)):
            bits.exp_golomb()  # offset_for_ref_frame
    bits.exp_golomb()  # max_num_ref_frames
    bits.take(1)  # gaps_in_frame_num_value_allowed_flag
    bits.exp_golomb()  # pic_width_in_mbs_minus1
    bits.exp_golomb()  # pic_height_in_map_units_minus1
    if not bits.take(1):  # frame_mbs_only_flag
        bits.take(1)  # mb_adaptive_frame_field_flag
    bits.take(1)  # direct_8x8_inference_flag
    if bits.take(1):  # frame_cropping_flag
        for _ in range(4):
            bits.exp_golomb()
    if not bits.take(1):  # vui_parameters_present_flag
        return False
    if bits.take(1) and bits.take(8) == _SAR_EXTENDED:  # aspect_ratio_info
        bits.take(32)
    if bits.take(1):  # overscan_info
        bits.take(1)
    if bits.take(1):  # video_signal_type
        bits.take(4)
        if bits.take(1):  # colour_description
            bits.take(24)
    if bits.take(1):  # chroma_loc_info
        bits.exp_golomb()
        bits.exp_golomb()
    return True


class _Bits:
    """Reads the bits of an SPS after its profile and level; past the end it reads ones."""

    def __init__(self, sps: bytes) -> None:
        # Without the emulation prevention bytes.
        self._bits = "".join(f"{byte:08b}" for byte in sps.replace(b"\0\0\3", b"\0\0"))
        self.at = 32

    @property
    def left(self) -> int:
        return len(self._bits) - self.at

    def take(self, count: int) -> int:
        taken = self._bits[self.at : self.at + count].ljust(count, "1")
        self.at += count
        return int(taken, 2) if taken else 0

    def exp_golomb(self) -> int:
        zeros = 0
        while zeros < _MOST_ZEROS and not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def replaced(self, there: str) -> bytes:
        """Return the NAL unit with the bits `there` in place of as many from here on."""
        bits = self._bits[: self.at] + there + self._bits[self.at + len(there) :]
        raw = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        return _MISTAKABLE.sub(b"\0\0\3", raw)
