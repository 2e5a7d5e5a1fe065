"""Every lamp driver on its bench, and what light really came out of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from likelight_hw.ports import Lights
from likelight_hw.rpi.lamps import OnOffLamp, PwmLamp
from likelight_hw.rpi.sysfs_pwm import SysfsPwmLamp
from likelight_hw.rpi.ws2812 import Ws2812Strip
from likelight_hw.sim.lights import SimLights
from likelight_hw.wiring import PwmChannel
from support.flashes import Light, linear_rgb
from support.pi import PI_4, PI_5, PWM_CHIPS, PwmTree, pi, strip

LEDS = 10
CHANNEL = 0


@dataclass(frozen=True, slots=True)
class LampRig:
    """A lamp, what light its wires make of it, and whether they were let go of, switched off.

    `steps` is how many levels each channel has.
    """

    lamp: Lights
    light: Callable[[], Light]
    is_let_go: Callable[[], bool]
    steps: int


_WHITE = ("pwm", "pwm-low", "sysfs", "sysfs-low")
_SWITCHED = ("onoff", "onoff-low")
_COLOURED = ("sim", "rgb", "rgb-low")


def _on_both(kinds: tuple[str, ...]) -> list[str]:
    return [f"{kind}@{board}" for board in ("pi-4", "pi-5") for kind in kinds]


COLOURED = [*_on_both(_COLOURED), "ws2812@pi-5"]
DIMMED = [*_on_both(_WHITE), *COLOURED]
SWITCHED = _on_both(_SWITCHED)
NAMES = [*DIMMED, *SWITCHED]


@contextmanager
def lamp_rig(name: str, monotonic: Callable[[], float]) -> Iterator[LampRig]:
    """The rig of this name (one of `NAMES`), its clock in the tester's hand."""
    kind, _, board = name.partition("@")
    revision = PI_5 if board == "pi-5" else PI_4
    low = kind.endswith("-low")
    with ExitStack() as stack:
        header = stack.enter_context(pi(revision))
        folder = Path(stack.enter_context(TemporaryDirectory()))

        def white(duty: Callable[[], float]) -> Callable[[], Light]:
            return lambda: (duty(), duty(), duty())

        match kind.removesuffix("-low"):
            case "sim":
                sim = SimLights(monotonic)
                rig = LampRig(
                    sim,
                    lambda: linear_rgb(sim.frame),
                    lambda: sim.frame.level == 0,
                    10**9,
                )
            case "pwm":
                rig = LampRig(
                    PwmLamp([12], active_low=low),
                    white(lambda: header.duty(12, active_low=low)),
                    lambda: header.is_let_go(12, high=low),
                    100,
                )
            case "rgb":
                numbers = (17, 27, 22)
                rig = LampRig(
                    PwmLamp(numbers, active_low=low),
                    lambda: (
                        header.duty(17, active_low=low),
                        header.duty(27, active_low=low),
                        header.duty(22, active_low=low),
                    ),
                    lambda: all(header.is_let_go(number, high=low) for number in numbers),
                    100,
                )
            case "onoff":
                rig = LampRig(
                    OnOffLamp(24, monotonic, active_low=low),
                    white(lambda: header.duty(24, active_low=low)),
                    lambda: header.is_let_go(24, high=low),
                    1,
                )
            case "sysfs":
                chip = PWM_CHIPS[revision]
                tree = PwmTree(folder, {"1f0009c000.pwm": 0, chip: 2})
                tree.make(chip, CHANNEL)
                rig = LampRig(
                    SysfsPwmLamp(PwmChannel(chip, CHANNEL), monotonic, active_low=low, root=folder),
                    white(lambda: tree.duty(chip, CHANNEL, active_low=low)),
                    lambda: low or tree.unexported(chip) == str(CHANNEL),
                    10**6,
                )
            case _:
                leds = stack.enter_context(strip(folder / "leds0", LEDS))
                rig = LampRig(
                    Ws2812Strip(leds.path, LEDS, max_milliamps=60 * LEDS),
                    lambda: leds.light(LEDS - 1),
                    lambda: not any(map(any, leds.lights)),
                    255,
                )
        try:
            yield rig
        finally:
            rig.lamp.close()
