"""`likelight imager-manifest`: an image that Raspberry Pi Imager offers in three clicks."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_imager_manifest(commands: "Commands") -> None:
    """Add `likelight imager-manifest`."""
    command = commands.add_parser(
        "imager-manifest",
        help="write the file by which Raspberry Pi Imager offers an image of yours",
        description="Read an image whole, and write IMAGE.rpi-imager-manifest beside it. Opened in "
        "Raspberry Pi Imager, it offers this image alone, without Imager's own settings.",
    )
    command.add_argument(
        "image", type=Path, metavar="IMAGE", help="the image: .img, .img.xz or .img.zst"
    )
    command.add_argument(
        "--url", required=True, metavar="URL", help="where Imager will download the image"
    )
    command.set_defaults(run=_write)


def _write(arguments: argparse.Namespace) -> Exit:
    from likelight.fleet.flash.errors import FlashError
    from likelight.fleet.flash.manifest import SUFFIX, manifest
    from likelight.runtime.atomic_file import replace_file

    image: Path = arguments.image
    file = image.with_name(f"{image.name.partition('.')[0]}{SUFFIX}")
    tells = sys.stderr.isatty()

    def progress(size: int) -> None:
        if tells and size % (64 << 20) == 0:
            print(f"\r{size >> 20} MiB", end="", file=sys.stderr, flush=True)

    try:
        text = manifest(image, arguments.url, progress)
        replace_file(file, text, mode=0o644)
    except FlashError as error:
        return end(error, Exit.FAILED)
    except OSError as error:
        return end(f"{file}: {error.strerror}", Exit.FAILED)
    print(f"{file} is written. Put the image where the URL says, and give this file to the office.")
    return Exit.DONE
