"""`likelight notes check`: a brand's catalogue, tried on every panel before a store gets it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_notes(commands: "Commands") -> None:
    """Add `likelight notes`."""
    notes = commands.add_parser("notes", help="check a brand's own notes")
    actions = notes.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = actions.add_parser(
        "check",
        help="say whether every panel can show them, in every language",
        description="Read a brand's folder of notes as kitchen.catalogue would, and try each note "
        "in each language on each panel: its letters, its length, its pages.",
    )
    check.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of JSON files")
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> Exit:
    from likelight.appreciation.panel.note_fit import own_misfits, own_notes
    from likelight.assets.brand import with_brand
    from likelight.assets.catalogue import CatalogueError
    from likelight_hw.panels import PANELS

    try:
        notes = with_brand(arguments.folder)
    except CatalogueError as error:
        return end(error, Exit.USAGE)
    mistakes = own_misfits(notes, {name: panel.info for name, panel in PANELS.items()})
    if mistakes:
        lines = "\n".join(f"  {each}" for each in mistakes)
        return end(f"{arguments.folder} can't be used:\n{lines}", Exit.USAGE)
    count = len({note.code for note in own_notes(notes)})
    if count == 0:
        print(f"{arguments.folder}: no note of its own; all are the same as likelight's")
    else:
        notes_fine = "1 note, fine" if count == 1 else f"{count} notes, fine"
        print(f"{arguments.folder}: {notes_fine} in every language and on every panel")
    return Exit.DONE
