"""`likelight flash`: seeds for the devices of many stores."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_flash(commands: "Commands") -> None:
    """Add `likelight flash`."""
    flash = commands.add_parser(
        "flash",
        help="make what each device of a list of stores reads at its first start",
        description="Check a list of stores and their codes whole, and write for each store a "
        "folder and a ZIP, to be copied onto the boot volume of its card. Type the same again "
        "to go on after an interruption.",
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
        "--seeds", type=Path, required=True, metavar="DIR", help="a new folder, or one of before"
    )
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


def _flash(arguments: argparse.Namespace) -> Exit:
    from likelight.fleet.flash.errors import FlashError
    from likelight.fleet.flash.orders import read_orders, read_radius
    from likelight.fleet.flash.seed_folder import GUIDE, write_seeds
    from likelight.fleet.stores.table import ListError
    from likelight.runtime.clock import utc_now

    try:
        radius = read_radius(arguments.radius_ca, arguments.radius_name)
        orders = read_orders(
            arguments.stores, arguments.codes, arguments.cloud, arguments.store, radius
        )
    except (FlashError, ListError) as error:
        return end(error, Exit.USAGE)
    done = 0

    def progress(seeds: int) -> None:
        nonlocal done
        done = seeds
        if sys.stderr.isatty():
            print(f"\r{seeds} of {len(orders)}", end="", file=sys.stderr, flush=True)

    folder = arguments.seeds
    try:
        new = write_seeds(folder, orders, utc_now, progress)
    except FlashError as error:
        return end(error, Exit.FAILED)
    except KeyboardInterrupt:
        words = f"interrupted: {done} of {len(orders)} seeds are in {folder}; type the same again"
        return end(words, Exit.INTERRUPTED)
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
    print(f"{len(orders)} seeds are in {folder}: {new} new, {len(orders) - new} as they were.")
    print(f"{folder / GUIDE} says how to copy them onto cards. Keep the folder secret.")
    return Exit.DONE
