"""`likelight-cloud kitchen qr`: a sheet for the guests of a kitchen."""

import argparse
import asyncio
from pathlib import Path

from likelight.assets.qr_sheet import LANGUAGES, write_sheet
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import Commands, action, found, kitchen_argument, opened
from likelight_cloud.cli.errors import CommandError


def add_sheet(actions: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen qr`."""
    qr = action(
        actions,
        "qr",
        database,
        _write_sheet,
        "write a sheet with a QR code for a table, which opens the page for guests in the "
        "house: FILE.html prints on A4, FILE.svg is the code alone",
    )
    kitchen_argument(qr)
    qr.add_argument("out", type=Path, metavar="FILE", help="a new file, .html or .svg")
    public_url_option(qr)
    qr.add_argument(
        "--language", choices=LANGUAGES, default="en", help="of the sheet (default: %(default)s)"
    )


def public_url_option(command: argparse.ArgumentParser) -> None:
    """Add the address that a printed code begins with."""
    command.add_argument(
        "--public-url",
        type=arguments.public_url,
        required=True,
        metavar="URL",
        help="the address that viewers open, such as https://kitchens.example.com",
    )


async def _write_sheet(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        kitchen = await found(store, options.kid)
    url = str(options.public_url / "k" / kitchen.kid / "here")
    try:
        await asyncio.to_thread(write_sheet, options.out, url, kitchen.name, options.language)
    except ValueError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{options.out} can't be written: {error.strerror}") from error
    print(f"{options.out} opens {url}")
