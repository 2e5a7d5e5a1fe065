"""One factory for the process, and its failures in words that say what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.exc import PinUnknownPi
from gpiozero.pins.mock import MockFactory, MockPWMPin

from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.rpi import pins
from likelight_hw.rpi.indicator import PinIndicator
from likelight_hw.rpi.lamps import OnOffLamp, PwmLamp
from support.pi import PI_4, PI_5, LgpioPin, pi

WHITE = LightFrame(1.0, (255, 255, 255))

# As much of lgpio as its import and gpiozero's factory touch, on a machine that has no header.
LGPIO = """
import os
class error(Exception): pass
BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 1, 2, 3
SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 0, 1, 2
def gpiochip_open(chip): raise error(f"can not open gpiochip {chip}")
os.chdir(os.environ["LG_WD"])
open(".lgd-nfy0", "w").close()
"""


def test_the_factory_in_use_is_gpiozeros_too_and_is_put_back() -> None:
    before = Device.pin_factory
    with pi(PI_5) as header:
        assert pins.factory() is header.factory is Device.pin_factory
        assert str(header.factory.board_info.model) == "5B"
    assert Device.pin_factory is before


def test_without_lgpio_there_are_no_pins_and_no_other_library_steps_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    with pytest.raises(HardwareError, match="apt install python3-lgpio"):
        pins.factory()
    with pytest.raises(HardwareError, match="apt install python3-lgpio"):
        PwmLamp([12])


def _ask_for_the_factory(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "lgpio.py").write_text(LGPIO)
    code = (
        "import os\n"
        "from likelight_hw.ports import HardwareError\n"
        "from likelight_hw.rpi import kernel_names, pins\n"
        "from pathlib import Path\n"
        "kernel_names.SYSFS = Path(os.environ.get('SYSFS', '/sys'))\n"
        "try: pins.factory()\n"
        "except HardwareError as error: print(error); print(error.__cause__)\n"
        "print(os.getcwd()); print(os.environ['LG_WD'])\n"
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "PYTHONPATH": str(folder), **environment},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("name", ["LG_WD", "RUNTIME_DIRECTORY"])
def test_lgpio_works_in_the_services_directory_and_the_process_stays_where_it_is(
    tmp_path: Path, name: str
) -> None:
    work = tmp_path / "run"
    work.mkdir()
    said = _ask_for_the_factory(tmp_path, **{name: str(work)}).stdout.splitlines()

    assert said[-2:] == ["/", str(work)]
    assert [file.name for file in work.iterdir()] == [".lgd-nfy0"]


def test_lgpio_that_may_not_write_says_which_directory(tmp_path: Path) -> None:
    said = _ask_for_the_factory(tmp_path, LG_WD=str(tmp_path / "gone")).stdout
    assert f"lgpio can't work in {tmp_path}/gone; set LG_WD" in said


def test_the_chip_that_is_opened_is_the_header_whatever_its_number(tmp_path: Path) -> None:
    for chip, name in ((0, "nxp,pcf8574"), (4, "brcm,brcmstb-gpio"), (11, "raspberrypi,rp1-gpio")):
        node = tmp_path / f"sys/bus/gpio/devices/gpiochip{chip}/of_node"
        node.mkdir(parents=True)
        (node / "compatible").write_bytes(name.encode() + b"\0")
    said = _ask_for_the_factory(tmp_path, LG_WD=str(tmp_path), SYSFS=str(tmp_path / "sys")).stdout
    assert "can't open the header's GPIO chip; add its user to the group gpio" in said
    assert "can not open gpiochip 11" in said


class _Busy(MockPWMPin):
    """A pin that somebody else holds; lgpio says so when it is claimed."""

    def __init__(self, *args: object) -> None:
        raise OSError("'GPIO busy'")


def test_a_busy_pin_says_who_may_have_it_and_can_be_had_later() -> None:
    with pi(PI_4) as header:
        header.factory.pin_class = _Busy
        with pytest.raises(HardwareError, match=r"lamp on GPIO12: busy.*gpioinfo"):
            PwmLamp([12])
        light = PinIndicator(23)
        with pytest.raises(HardwareError, match="on-air light on GPIO23: busy"):
            light.set(True)
        assert not light.lit

        header.factory.pin_class = LgpioPin
        light.set(True)
        assert light.lit
        light.close()


def test_an_rgb_lamp_that_gets_only_two_pins_lets_go_of_them() -> None:
    with pi(PI_4) as header:
        with pytest.raises(HardwareError, match="GPIO99: this board has no such"):
            PwmLamp([17, 27, 99])
        assert header.is_let_go(17)
        assert header.is_let_go(27)


def test_a_pin_that_is_used_twice_is_found_out() -> None:
    with pi(PI_5):
        lamp = PwmLamp([12])
        with pytest.raises(HardwareError, match="GPIO12: likelight itself uses it already"):
            OnOffLamp(12, lambda: 0.0)
        lamp.close()


class _Desktop(MockFactory):
    def _get_revision(self) -> int:
        raise PinUnknownPi("unable to locate Pi revision in /proc/device-tree or /proc/cpuinfo")


def test_not_a_raspberry_pi() -> None:
    with pins.use(_Desktop(pin_class=LgpioPin)):
        with pytest.raises(HardwareError, match="not a Raspberry Pi; use the sim drivers"):
            PwmLamp([12])


class _Shorted(MockPWMPin):
    """A pin that is soldered to ground: whatever drives it, it reads low."""

    def _get_state(self) -> bool:
        return False


def test_an_on_air_light_whose_pin_does_not_follow_counts_as_dark() -> None:
    with pi(PI_5) as header:
        header.factory.pin_class = _Shorted
        light = PinIndicator(23)
        with pytest.raises(HardwareError, match="GPIO23 stays off; look for a short circuit"):
            light.set(True)
        light.set(False)
        light.close()


class _Torn(LgpioPin):
    """A pin that can be broken while it is in use."""

    torn = False

    def _set_state(self, value: float) -> None:
        if self.torn:
            raise OSError("No such device")
        super()._set_state(value)


def test_a_lamp_that_vanishes_says_which_and_can_still_be_closed() -> None:
    with pi(PI_4) as header:
        header.factory.pin_class = _Torn
        lamp = PwmLamp([12])
        lamp.write(WHITE)
        header.pin(12).torn = True
        with pytest.raises(HardwareError, match="lamp on GPIO12: No such device"):
            lamp.write(DARK)
        lamp.close()
        with pytest.raises(HardwareError, match="GPIO12 is closed"):
            lamp.write(WHITE)


@pytest.mark.parametrize("active_low", [False, True])
def test_every_whole_percent_arrives_through_lgpios_truncation(active_low: bool) -> None:
    with pi(PI_5) as header:
        lamp = PwmLamp([12, 13, 19], active_low=active_low)
        for percent in range(101):
            lamp._set((percent, 0, 0))
            assert header.duty(12, active_low=active_low) == pytest.approx(percent / 100)
        lamp.close()


def test_a_relay_does_not_chatter_round_its_threshold() -> None:
    now = 0.0
    with pi(PI_4) as header:
        relay = OnOffLamp(24, lambda: now)
        switched = 0
        for step in range(3000):
            now += 0.02
            before = header.duty(24)
            # A flame, fifty times a minute round its threshold and never down to the lower one.
            relay.write(LightFrame(0.38 + 0.04 * (-1) ** (step // 30), (255, 255, 255)))
            switched += header.duty(24) != before
        assert switched == 1
        relay.close()
