"""`likelight flash`: what the devices of many stores read at their first start."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end, let_ctrl_c_be_told
from likelight.cli.serve import port
from likelight.cli.target import demo_state_dir

if TYPE_CHECKING:
    from likelight.cli.target import Commands
    from likelight.fleet.flash.orders import Order
    from likelight.fleet.flash.packages import Packages


_PLATFORMS = ("linux",)
"""Where folders of seeds and whole cards are written, with locks and calls that others lack."""


def add_flash(commands: "Commands") -> None:
    """Add `likelight flash`."""
    flash = commands.add_parser(
        "flash",
        help="make what each device of a list of stores reads at its first start",
        description="Check a list of stores and their codes whole. Then write for each store a "
        "folder and a ZIP, to be copied onto the boot volume of its card; or put the seed of one "
        "store onto such a volume, or start a simulated device from it; or, on Linux, write whole "
        "cards from an image. Type the same again to go on after an interruption.",
    )
    flash.add_argument("--stores", type=Path, required=True, metavar="STORES.csv")
    flash.add_argument(
        "--codes",
        type=Path,
        required=True,
        metavar="CODES.csv",
        help="the codes that the cloud's import of the list has written",
    )
    flash.add_argument(
        "--cloud", required=True, metavar="URL", help="the cloud, such as https://cloud.example"
    )
    flash.add_argument(
        "--cloud-ca",
        type=Path,
        metavar="FILE",
        help="who signs the cloud's certificate (PEM), where that is an authority of your own: the "
        "devices trust it alone for their cloud",
    )
    _target_options(flash)
    flash.add_argument(
        "--store",
        action="append",
        default=[],
        metavar="ID",
        help="only this store; may be repeated (default: all of the list)",
    )
    flash.add_argument(
        "--radius-ca",
        type=Path,
        metavar="FILE",
        help="for security enterprise: who signs the certificate of the RADIUS server (PEM)",
    )
    flash.add_argument(
        "--radius-name", metavar="NAME", help="for security enterprise: that server's name"
    )
    flash.set_defaults(run=_flash)


def _target_options(flash: argparse.ArgumentParser) -> None:
    """Add where the seeds go, and what a simulated device needs."""
    target = flash.add_mutually_exclusive_group(required=True)
    target.add_argument(
        "--seeds",
        type=Path,
        metavar="DIR",
        help="write all seeds into a folder, a new one or one of before",
    )
    target.add_argument(
        "--volume",
        metavar="PATH",
        help="put the seed of the one --store onto a card's boot volume, such as E: or "
        "/media/you/bootfs, after Raspberry Pi Imager wrote a stock image",
    )
    target.add_argument(
        "--to",
        metavar="sim|DISK",
        help="sim: start a simulated device from the seed of the one --store; it enrols at the "
        "cloud, and the store's code is used up. A disk, such as /dev/sdb: write the cards of all "
        "stores that have none, or of each --store, from --image; all that is on them is lost",
    )
    card = flash.add_argument_group("a card from an image (Linux, as root)")
    card.add_argument(
        "--image",
        type=Path,
        metavar="IMAGE",
        help="a stock image of Raspberry Pi OS: .img, .img.xz or .img.zst",
    )
    flash.add_argument(
        "--packages",
        type=Path,
        metavar="DIR",
        help="for a card: put the .deb files in DIR onto it, which the device installs",
    )
    card.add_argument(
        "--sha256",
        metavar="HEX",
        help="what the image's file must have (default: what IMAGE.sha256 beside it says)",
    )
    card.add_argument(
        "--yes",
        metavar="SERIAL",
        help="write the one card without a question, if the disk has this serial number",
    )
    card.add_argument("--large-card", action="store_true", help="allow a disk of 200 GB or more")
    simulated = flash.add_argument_group("the simulated device")
    simulated.add_argument(
        "--port", type=port, default=8080, help="port to listen on (default %(default)s)"
    )
    simulated.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="where it keeps its token, likes and notes (default: one for each store)",
    )


def _flash(arguments: argparse.Namespace) -> Exit:
    from likelight.fleet.flash.errors import FlashError
    from likelight.fleet.flash.orders import read_authority, read_orders, read_radius
    from likelight.fleet.stores.table import ListError

    let_ctrl_c_be_told()
    try:
        onto_disk = arguments.to not in (None, "sim")
        if not arguments.seeds and not onto_disk and len(arguments.store) != 1:
            raise FlashError("this is one device's: name its store with --store ID")
        if onto_disk != (arguments.image is not None):
            raise FlashError("--to DISK and --image IMAGE belong together: give both")
        if arguments.packages and not (onto_disk or arguments.volume):
            raise FlashError("--packages is for a card: name it with --volume or --to")
        if not arguments.volume and arguments.to != "sim" and sys.platform not in _PLATFORMS:
            raise FlashError(
                "this computer can't do that, Linux can: write the card with Raspberry Pi Imager, "
                "and use --volume"
            )
        radius = read_radius(arguments.radius_ca, arguments.radius_name)
        authority = arguments.cloud_ca and read_authority(arguments.cloud_ca, "--cloud-ca")
        orders = read_orders(
            arguments.stores, arguments.codes, arguments.cloud, arguments.store, radius, authority
        )
    except (FlashError, ListError) as error:
        return end(error, Exit.USAGE)
    try:
        if arguments.to == "sim":
            return _into_simulation(orders[0], arguments)
        _tell_of_cables(orders)
        if arguments.volume:
            return _onto_volume(arguments.volume, orders[0], _packages(arguments.packages))
        if onto_disk:
            return _onto_cards(arguments, orders)
        return _into_folder(arguments.seeds, orders)
    except FlashError as error:
        return end(error, Exit.FAILED)


def _tell_of_cables(orders: "tuple[Order, ...]") -> None:
    """Name the stores for which a list without Wi-Fi may be a mistake."""
    from likelight.fleet.stores.table import named

    networks = {order.store.kid: order.store.network for order in orders}
    if wired := [kid for kid, network in networks.items() if not (network and network.wifi)]:
        print(f"Without Wi-Fi in the list, so by cable alone: {named(wired)}.", file=sys.stderr)


def _packages(folder: Path | None) -> "Packages":
    from likelight.fleet.flash.packages import ON_VOLUME, read_packages

    if folder is not None:
        return read_packages(folder)
    print(
        "No --packages: the device installs nothing until somebody puts .deb files into "
        f"{ON_VOLUME} on the card's volume.",
        file=sys.stderr,
    )
    return {}


def _onto_volume(typed: str, order: "Order", packages: "Packages") -> Exit:
    from likelight.fleet.flash.volume import put_on_volume, volume_path

    volume = volume_path(typed)
    try:
        put_on_volume(volume, order.seed(), packages)
    except KeyboardInterrupt:
        return end("interrupted: type the same again before this card is used", Exit.INTERRUPTED)
    print(f"{volume} has the seed of {order.store.kid}, and was read again. Eject the card.")
    return Exit.DONE


def _onto_cards(arguments: argparse.Namespace, orders: "tuple[Order, ...]") -> Exit:
    from likelight.cli.flash_card import CardOptions, Machine, onto_cards

    options = CardOptions(
        arguments.to,
        arguments.image,
        arguments.sha256,
        arguments.yes,
        arguments.large_card,
        _packages(arguments.packages),
    )
    try:
        return onto_cards(orders, options, arguments.stores.absolute().parent, Machine())
    except KeyboardInterrupt:
        return end("interrupted: type the same again to go on", Exit.INTERRUPTED)


def _into_simulation(order: "Order", arguments: argparse.Namespace) -> Exit:
    """Read the seed as a device would, enrol with its code, and run with simulated hardware."""
    from likelight.cli.pair_actions import pair
    from likelight.cli.serve import serve
    from likelight.config.settings import CloudSettings, Config, KitchenSettings, WebSettings
    from likelight.daemon.app import RunOptions
    from likelight.fleet.seed.boot_text import BOOT_TEXT, read_boot_text
    from likelight.fleet.seed.device_settings import device_settings

    settings = read_boot_text(order.seed().files[BOOT_TEXT]).settings
    tables, state_dir = device_settings(settings), arguments.state_dir
    authority = arguments.cloud_ca and arguments.cloud_ca.absolute()
    config = Config(
        kitchen=KitchenSettings.model_validate(tables["kitchen"]),
        cloud=CloudSettings.model_validate(tables["cloud"] | {"ca_file": authority}),
        web=WebSettings(port=arguments.port),
        state_dir=(state_dir or demo_state_dir().with_name(f"sim-{order.store.kid}")).absolute(),
    )
    config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not config.token_file.exists():
        paired = pair(config, settings["code"], None, starts_now=True)
        if paired is not Exit.DONE:
            return paired
    return serve(config, RunOptions(bench=True))


def _into_folder(folder: Path, orders: "tuple[Order, ...]") -> Exit:
    from likelight.fleet.flash.seed_folder import GUIDE, write_seeds
    from likelight.runtime.clock import utc_now

    done = 0

    def progress(seeds: int) -> None:
        nonlocal done
        done = seeds
        if sys.stderr.isatty():
            print(f"\r{seeds} of {len(orders)}", end="", file=sys.stderr, flush=True)

    try:
        new = write_seeds(folder, orders, utc_now, progress)
    except KeyboardInterrupt:
        words = f"interrupted: {done} of {len(orders)} seeds are in {folder}; type the same again"
        return end(words, Exit.INTERRUPTED)
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
    print(f"{len(orders)} seeds are in {folder}: {new} new, {len(orders) - new} as they were.")
    print(f"{folder / GUIDE} says how to copy them onto cards. Keep the folder secret.")
    return Exit.DONE
