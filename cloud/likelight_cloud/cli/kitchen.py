"""`likelight-cloud kitchen`: the kitchens of a cloud, and the sheets for their guests."""

import argparse
import asyncio
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from likelight.assets.qr_sheet import LANGUAGES, write_sheet
from likelight.contract import KitchenId, KitchenName
from likelight.runtime.clock import utc_now
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import Commands, existing
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.trust.device import hashed, new_token


def add_kitchen(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen` and its actions."""
    kitchen = commands.add_parser("kitchen", help="add kitchens")
    actions = kitchen.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser(
        "add", parents=[database], help="create a kitchen and print its device's token, once"
    )
    add.add_argument("kid", metavar="KID", help="short id in addresses: a-z, 0-9 and -")
    add.add_argument("name", metavar="NAME", help="the name that viewers read")
    add.set_defaults(run=_add_kitchen)
    qr = actions.add_parser(
        "qr",
        parents=[database],
        help="write a sheet with a QR code for a table, which opens the page for guests in the "
        "house: FILE.html prints on A4, FILE.svg is the code alone",
    )
    qr.add_argument("kid", metavar="KID", help="the kitchen's id")
    qr.add_argument("out", type=Path, metavar="FILE", help="a new file, .html or .svg")
    qr.add_argument(
        "--public-url",
        type=arguments.public_url,
        required=True,
        metavar="URL",
        help="the address that viewers open, such as https://kitchens.example.com",
    )
    qr.add_argument(
        "--language", choices=LANGUAGES, default="en", help="of the sheet (default: %(default)s)"
    )
    qr.set_defaults(run=_write_sheet)


async def _add_kitchen(options: argparse.Namespace) -> None:
    try:
        kid = TypeAdapter(KitchenId).validate_python(options.kid)
    except ValidationError as error:
        raise CommandError(
            f"{options.kid} cannot be a kitchen's id: up to 40 of a-z, 0-9 and -, for example "
            "store-17."
        ) from error
    try:
        name = TypeAdapter(KitchenName).validate_python(options.name)
    except ValidationError as error:
        raise CommandError(
            f"{options.name!r} cannot be a kitchen's name: viewers read it, in one line of 1 to 60 "
            "characters."
        ) from error
    store, token = options.database.store(), new_token()
    await store.open()
    try:
        if not await store.add_kitchen(kid, name, utc_now()):
            raise CommandError(f"the kitchen {kid} exists already. Choose another id.")
        await store.add_token(kid, hashed(token))
    finally:
        await store.close()
    print(f"The kitchen {kid} is ready. Its device's token, shown only now:\n{token}")


async def _write_sheet(options: argparse.Namespace) -> None:
    store = await existing(options)
    try:
        kitchen = await store.kitchen(options.kid)
    finally:
        await store.close()
    if kitchen is None:
        raise CommandError(f"there is no kitchen {options.kid} in {options.database}.")
    url = str(options.public_url / "k" / kitchen.kid / "here")
    try:
        await asyncio.to_thread(write_sheet, options.out, url, kitchen.name, options.language)
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"{options.out} opens {url}")
