"""`likelight camera preview`: what viewers see now, under a grid that helps to place masks."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_camera(commands: "Commands") -> None:
    """Add `likelight camera`."""
    camera = commands.add_parser("camera", help="show the camera's picture, to place its masks")
    views = camera.add_subparsers(title="commands", required=True, metavar="COMMAND")
    view = views.add_parser(
        "preview",
        help="what viewers see, with its masks and a grid, in a file",
        description="Write one picture of the running device, masked as viewers get it, under a "
        "grid of tenths: it gives the numbers for camera.masks. Works only while the "
        "kitchen may be watched, and the on-air light goes on for it.",
    )
    view.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the picture, .jpg or .png"
    )
    add_device_options(view)
    view.set_defaults(run=_preview)


def _preview(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.preview import NoPreview, preview

    try:
        width, height = preview(target_of(arguments), arguments.out)
    except NoPreview as refused:
        return end(refused, Exit.UNAVAILABLE)
    print(f"{arguments.out}: {width} x {height}, a line at each tenth")
    return Exit.DONE
