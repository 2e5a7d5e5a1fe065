"""`likelight boot-volume`: what a card's boot volume says is taken over by the device.

So is what a USB stick says, once the crew has agreed.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end

if TYPE_CHECKING:
    from likelight.cli.target import Commands
    from likelight.config.boot_report import Polygons
    from likelight.config.settings import Config

VOLUME = Path("/boot/firmware")
_ANSWERS_WITHIN_S = 20.0
"""NetworkManager answers within a second; its own time-out is 25 s."""


def add_boot_volume(commands: "Commands") -> None:
    """Add `likelight boot-volume`."""
    command = commands.add_parser(
        "boot-volume",
        help="take over what likelight.txt on the boot volume or a USB stick says, as root",
        description="Take over likelight.txt, once for each change of it: all of it on a new "
        "device; network, name and panel language on one that has enrolled, or that has no cloud "
        "and its crew's consent. With a mistake "
        "nothing changes, and each is told with its line.",
    )
    command.add_argument(
        "volume", nargs="?", type=Path, default=VOLUME, metavar="PATH", help="(default %(default)s)"
    )
    command.add_argument(
        "--network-works",
        action="store_true",
        help="the network of likelight.txt has worked: only take its passphrase out of the file",
    )
    command.add_argument(
        "--stick",
        action="store_true",
        help="PATH is a USB stick: the panel asks whether what it would change shall be taken over",
    )
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> Exit:
    try:
        if arguments.stick:
            return _look_at_stick(arguments.volume)
        return _scrub(arguments.volume) if arguments.network_works else _take(arguments.volume)
    except OSError as error:
        return end(f"{error.filename}: {error.strerror}. Try it with sudo", Exit.UNAVAILABLE)


def _scrub(volume: Path) -> Exit:
    from likelight.fleet.boot_volume.take import Places, network_has_worked

    if network_has_worked(volume, Places()):
        print("The network works, and was taken out of likelight.txt.")
    return Exit.DONE


def _look_at_stick(stick: Path) -> Exit:
    from likelight.fleet.boot_volume.stick import look_at_stick
    from likelight.fleet.boot_volume.take import Places

    told = look_at_stick(stick, Places(), _own_settings(), _masks())
    if told is None:
        print("No likelight.txt on the stick would change anything.")
    elif told.asked is not None:
        print("The panel asks whether the stick's likelight.txt shall be taken over.")
    for mistake in told.mistakes if told else ():
        print(f"likelight: the stick's line {mistake.line}: {mistake.words}", file=sys.stderr)
    return Exit.DONE


def _take_stick() -> None:
    """Take over what a stick says and the crew has agreed to; a running network changes at once."""
    from likelight.fleet.boot_volume.stick import take_stick
    from likelight.fleet.boot_volume.take import Places

    taken = take_stick(Places(), _own_settings(), _masks())
    if taken.changed:
        print("The stick's likelight.txt was taken over, as the crew has agreed.")
    if taken.network and shutil.which("nmcli"):
        _reconnect(Places().profile)


def _reconnect(profile: Path) -> None:
    """Have a running NetworkManager read its profiles, and connect by `profile`."""
    lines = profile.read_text("utf-8").splitlines()
    name = next(line.removeprefix("id=") for line in lines if line.startswith("id="))
    for words in (["connection", "reload"], ["--wait", "0", "connection", "up", name]):
        try:
            subprocess.run(  # noqa: S603  fixed words, and a name that we gave
                ["nmcli", *words],  # noqa: S607
                timeout=_ANSWERS_WITHIN_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            print(f"likelight: NetworkManager reads it at the next boot: {error}", file=sys.stderr)
            return


def _take(volume: Path) -> Exit:
    from likelight.fleet.boot_volume.take import Places, take

    _take_stick()
    taken = take(volume, Places(), _enrolled(), _masks())
    for mistake in taken.mistakes:
        print(f"likelight: {mistake}", file=sys.stderr)
    if taken.mistakes:
        return Exit.FAILED
    if taken.reset:
        print("likelight.txt asks for a reset: the crew agrees at the panel, or nothing changes.")
        return Exit.DONE
    print("likelight.txt was taken over." if taken.changed else "Nothing is new in likelight.txt.")
    if taken.network:
        print("A running NetworkManager reads it: `nmcli connection reload`")
    return Exit.DONE


def _masks() -> "Polygons":
    """Return what covers the camera's picture now. Raises `ConfigError`."""
    config = _config()
    return () if config is None else config.camera.masks


def _enrolled() -> Mapping[str, str] | None:
    """Return with which settings this device is a kitchen's; None on a new one.

    Raises `ConfigError` for a device whose configuration has a mistake: whose it is, is not known.
    """
    from likelight.config.reset import reset_is_begun

    config = _config()
    if config is None or reset_is_begun(config.state_dir) or not _is_a_kitchen_s(config):
        return None
    return _own_settings()


def _config() -> "Config | None":
    """Return this device's configuration; None where it has none. Raises `ConfigError`."""
    from likelight.cli.target import Places as DevicePlaces
    from likelight.cli.target import usual_state_dir
    from likelight.config.settings import read_config

    places = DevicePlaces()
    if not places.default_file.exists():
        return None
    return read_config(places.default_file, usual_state_dir(places))


def _own_settings() -> Mapping[str, str]:
    """Return what this device is, in the words of a `likelight.txt`. Raises `ConfigError`."""
    if (config := _config()) is None:
        return {}
    settings = {
        "store": config.kitchen.id,
        "name": config.kitchen.name,
        "language": config.kitchen.language,
        "timezone": config.kitchen.timezone,
        "cloud": config.cloud.url,
        "board": config.board,
        "kit": config.kit,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _is_a_kitchen_s(config: "Config") -> bool:
    """Return whether the device has enrolled. A single store's never does: there the crew's consent
    decides, since it was given for these hours, this kitchen and no cloud."""
    from likelight.gate.consent import CONSENT_FILE

    if config.cloud.url is None:
        return (config.state_dir / CONSENT_FILE).exists()
    return config.token_file.exists()
