"""A strip on the kernel's ws2812-pio device: its bytes, its current, and its absence."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from likelight_hw.lamps.gamma import duty_cycles
from likelight_hw.ports import HardwareError, LightFrame
from likelight_hw.rpi.ws2812 import Ws2812Strip
from support.asked import frames
from support.pi import strip

WHITE = LightFrame(1.0, (255, 255, 255))


def test_each_led_gets_red_green_blue_and_a_fourth_byte(tmp_path: Path) -> None:
    device = tmp_path / "leds0"
    device.touch()
    lamp = Ws2812Strip(device, 3, max_milliamps=1000)
    lamp.write(LightFrame(1.0, (255, 188, 0)))
    assert device.read_bytes() == bytes((255, 128, 0, 0)) * 3
    lamp.close()
    assert device.read_bytes() == bytes(12)


def test_the_kernels_own_gamma_is_switched_off(tmp_path: Path) -> None:
    with strip(tmp_path / "leds0", 3) as leds:
        lamp = Ws2812Strip(leds.path, 3, max_milliamps=1000)
        half = LightFrame(0.5, (255, 255, 255))
        lamp.write(half)
        assert leds.light(2) == pytest.approx(duty_cycles(half), abs=0.5 / 255)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(frame=frames)
def test_the_current_stays_below_its_cap(tmp_path: Path, frame: LightFrame) -> None:
    with strip(tmp_path / "leds0", 30) as leds:
        lamp = Ws2812Strip(leds.path, 30, max_milliamps=500)
        lamp.write(frame)
        lamp.write(WHITE)
        # Half a step of rounding in each of 90 channels.
        assert leds.most_milliamps <= 500 + 90 * 20 * 0.5 / 255


def test_a_cap_that_the_chips_alone_exceed_leaves_the_strip_dark(tmp_path: Path) -> None:
    with strip(tmp_path / "leds0", 30) as leds:
        Ws2812Strip(leds.path, 30, max_milliamps=20).write(WHITE)
        assert not any(map(any, leds.lights))


def test_an_absent_strip_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match=r"/leds0: .*Pi 5 .*ws2812-pio,gpio=18,num_leds=30"):
        Ws2812Strip(tmp_path / "leds0", 30)


def test_a_strip_that_is_shorter_than_configured_says_so(tmp_path: Path) -> None:
    with strip(tmp_path / "leds0", 29) as leds:
        with pytest.raises(HardwareError, match="fewer than 30 LEDs; make num_leds"):
            Ws2812Strip(leds.path, 30)
    # The real kernel's way to refuse a byte too many.
    with pytest.raises(HardwareError, match="fewer than 30 LEDs"):
        Ws2812Strip(Path("/dev/full"), 30)


def test_a_closed_strip_does_not_light(tmp_path: Path) -> None:
    (tmp_path / "leds0").touch()
    lamp = Ws2812Strip(tmp_path / "leds0", 3)
    lamp.close()
    lamp.close()
    with pytest.raises(HardwareError, match="closed"):
        lamp.write(WHITE)
