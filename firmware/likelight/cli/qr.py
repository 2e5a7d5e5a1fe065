"""`likelight qr`: a sheet with a QR code for a table, which opens the page for guests in the
house."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands
    from likelight.config.settings import Config


def add_qr(commands: "Commands") -> None:
    """Add `likelight qr`."""
    qr = commands.add_parser(
        "qr",
        help="print a sheet with a QR code for a table or a till",
        description="Write a sheet with a QR code that opens the heart and the notes of this "
        "kitchen, without a picture: sheet.html prints on A4, sheet.svg is the code alone.",
    )
    add_device_options(qr)
    qr.add_argument("out", type=Path, metavar="FILE", help="a new file, .html or .svg")
    qr.add_argument(
        "--url",
        metavar="URL",
        help="where viewers open this kitchen's server, such as https://kitchens.example.com "
        "(default: cloud.url, else the first of web.public_urls)",
    )
    qr.add_argument("--language", metavar="LANG", help="of the sheet (default: kitchen.language)")
    qr.set_defaults(run=_qr)


def _qr(arguments: argparse.Namespace) -> Exit:
    from likelight.assets.qr_sheet import LANGUAGES, write_sheet
    from likelight.config.address import check_public_url

    config = target_of(arguments).config
    lang = arguments.language or config.kitchen.language
    if lang not in LANGUAGES:
        return end(f"There is no sheet in {lang}. Choose: {', '.join(LANGUAGES)}.", Exit.USAGE)
    try:
        server = check_public_url(arguments.url) if arguments.url else _server(config)
        url = f"{server.rstrip('/')}/k/{config.kitchen.id}/here"
        write_sheet(arguments.out, url, config.kitchen.name, lang)
    except (ValueError, OSError) as error:
        return end(error, Exit.USAGE)
    print(f"{arguments.out} opens {url}")
    return Exit.DONE


def _server(config: "Config") -> str:
    url = config.cloud.url or next(iter(config.web.public_urls), None)
    if url is None:
        raise ValueError(
            "This device does not know under which address its guests reach it. Name it: "
            "--url https://kitchens.example.com, or web.public_urls in the configuration."
        )
    return url
