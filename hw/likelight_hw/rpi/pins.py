"""The header's pins: one gpiozero factory for the process, and what its errors mean.

The factory is `LGPIOFactory`, named here and never chosen by gpiozero: only lgpio drives the Pi 5,
and without lgpio gpiozero would silently use a factory that has no PWM.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gpiozero import Device, DigitalOutputDevice, PWMOutputDevice
from gpiozero.exc import GPIOPinInUse, GPIOZeroError, PinInvalidPin, PinUnknownPi
from gpiozero.pins import Factory

from likelight_hw.ports import HardwareError
from likelight_hw.rpi import kernel_names

_lock = threading.Lock()
_factory: Factory | None = None


def factory() -> Factory:
    """Return the process's pin factory; the first call opens the GPIO chip.

    Raises `HardwareError` on a machine without pins, or without lgpio.
    """
    global _factory  # noqa: PLW0603  a process has one set of pins
    with _lock:
        if _factory is None:
            with as_hardware_error("the GPIO pins"):
                _factory = _open()
            _make_default(_factory)
        return _factory


@contextmanager
def use(other: Factory) -> Iterator[Factory]:
    """Use `other` (a `MockFactory`) in place of the process's factory, and close it at the end."""
    global _factory  # noqa: PLW0603  a process has one set of pins
    before, _factory = _factory, other
    _make_default(other)
    try:
        yield other
    finally:
        _factory = before
        _make_default(before)
        other.close()


@contextmanager
def as_hardware_error(what: str) -> Iterator[None]:
    """Turn what gpiozero, lgpio or the kernel raise about `what` into a `HardwareError`."""
    try:
        yield
    except _failures() as error:
        # The traceback would keep gpiozero's half-made device, and with it the pin's reservation.
        raise HardwareError(f"{what}: {_remedy(error)}") from error.with_traceback(None)


def release(output: DigitalOutputDevice | PWMOutputDevice, number: int, *, high: bool) -> None:
    """Switch `output` off, close it and leave its pin pulled `high`, or low. Never raises.

    gpiozero leaves a closed pin floating, and the gate of a MOSFET then keeps its charge: the lamp
    would stay on. The pull outlives this process. Pins whose pull is soldered to the board (GPIO 2
    and 3) keep that.
    """
    with suppress(*_failures()):
        output.off()
    with suppress(*_failures()):
        output.close()
    with suppress(HardwareError, *_failures()):
        parked = factory().pin(number)
        parked.function = "input"
        parked.pull = "up" if high else "down"


def _open() -> Factory:
    _import_lgpio()
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415  it imports lgpio

    # Without a number gpiozero takes chip 4 or 0, whatever that is.
    return LGPIOFactory(chip=kernel_names.header_chip())


def _import_lgpio() -> None:
    """Import lgpio without its side effects.

    Its import makes a FIFO in the directory that `LG_WD` names, or else in the current one, which
    a hardened service can't write to. Then it makes that the current directory of the whole
    process; this is undone.
    """
    if "lgpio" in sys.modules:
        return
    if "LG_WD" not in os.environ:
        runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
        os.environ["LG_WD"] = runtime or tempfile.mkdtemp(prefix="likelight-lgpio-")
    here = Path.cwd()
    try:
        import lgpio  # noqa: F401, PLC0415  the import itself has the side effects
    finally:
        os.chdir(here)


def _make_default(made: Factory | None) -> None:
    """Set gpiozero's default factory, so that its exit handler closes what is still open."""
    Device.pin_factory = made


def _failures() -> tuple[type[Exception], ...]:
    """Return what can be raised; lgpio's own error has no base class but `Exception`."""
    lgpio = sys.modules.get("lgpio")
    own = (lgpio.error,) if lgpio else ()
    return GPIOZeroError, OSError, ImportError, *own


def _remedy(error: Exception) -> str:
    said = str(error).strip("'\"")
    match error:
        case ImportError():
            return (
                "lgpio is missing; install it (`sudo apt install python3-lgpio`) and make "
                "likelight's venv with --system-site-packages"
            )
        case FileNotFoundError():
            return (
                f"lgpio can't work in {os.environ.get('LG_WD')}; set LG_WD to a directory that"
                " likelight may write to"
            )
        case PinUnknownPi():
            return "this machine is not a Raspberry Pi; use the sim drivers here"
        case PinInvalidPin():
            return f"this board has no such pin ({said}); correct the number"
        case GPIOPinInUse():
            return f"likelight itself uses it already ({said}); give each part its own pin"
        case _ if "busy" in said:
            return (
                "busy: another program or an overlay in config.txt holds it (gpioinfo says which);"
                " stop that, or take another pin"
            )
        case PermissionError():
            return f"likelight may not open it ({said}); add its user to the group gpio"
        case _ if "gpiochip" in said:
            return "likelight can't open the header's GPIO chip; add its user to the group gpio"
    return said or type(error).__name__
