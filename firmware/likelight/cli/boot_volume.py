"""`likelight boot-volume`: what a card's boot volume says is taken over by the device."""

import argparse
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


def add_boot_volume(commands: "Commands") -> None:
    """Add `likelight boot-volume`."""
    command = commands.add_parser(
        "boot-volume",
        help="take over what likelight.txt on the boot volume says, as root, at each boot",
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
    command.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> Exit:
    try:
        return _scrub(arguments.volume) if arguments.network_works else _take(arguments.volume)
    except OSError as error:
        return end(f"{error.filename}: {error.strerror}. Try it with sudo", Exit.UNAVAILABLE)


def _scrub(volume: Path) -> Exit:
    from likelight.fleet.boot_volume.take import Places, network_has_worked

    if network_has_worked(volume, Places()):
        print("The network works, and was taken out of likelight.txt.")
    return Exit.DONE


def _take(volume: Path) -> Exit:
    from likelight.fleet.boot_volume.take import Places, take

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
    from likelight.cli.target import Places as DevicePlaces
    from likelight.config.settings import read_config

    file = DevicePlaces().default_file
    return read_config(file).camera.masks if file.exists() else ()


def _enrolled() -> Mapping[str, str] | None:
    """Return with which settings this device is a kitchen's; None on a new one.

    Raises `ConfigError` for a device whose configuration has a mistake: whose it is, is not known.
    """
    from likelight.cli.target import Places as DevicePlaces
    from likelight.cli.target import usual_state_dir
    from likelight.config.reset import reset_is_begun
    from likelight.config.settings import read_config

    places = DevicePlaces()
    if not places.default_file.exists():
        return None
    config = read_config(places.default_file, usual_state_dir(places))
    if reset_is_begun(config.state_dir) or not _is_a_kitchen_s(config):
        return None
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
