"""`likelight-cloud catalogue`: notes that operators publish, for devices to show."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from likelight.assets.catalogue import CatalogueError, Notes
from likelight.assets.catalogue_document import document_name, read_document, write_document
from likelight.runtime.clock import utc_now
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import (
    Commands,
    action,
    actions_of,
    dry_run_option,
    json_option,
    opened,
)
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.fleet_page.catalogues import numbers
from likelight_cloud.fleet_page.note_previews import (
    PANEL_NAMES,
    own_in,
    own_languages,
    picture,
    wrong_on_panels,
)
from likelight_cloud.store.base import Store
from likelight_cloud.store.catalogues import (
    CatalogueInUseError,
    CatalogueUnknownError,
    PublishedCatalogue,
)


def add_catalogue(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud catalogue`."""
    actions = actions_of(
        commands,
        "catalogue",
        "the notes that kitchens show",
        "What is published changes no kitchen; /fleet, and `desired set --catalogue`, do.",
    )
    add = action(
        actions,
        "add",
        database,
        _add,
        "check a brand's folder of notes and publish it",
        "Nothing is kept where `likelight notes check FOLDER` would find a mistake: every note is "
        "tried in every language on every panel.",
    )
    add.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of JSON files")
    add.add_argument(
        "--name",
        type=arguments.catalogue_name,
        help="what operators read, at most 60 characters (default: the folder's name)",
    )
    dry_run_option(add, "only check, and print the checksum it would have")
    listed = action(actions, "list", database, _list, "list what is published")
    json_option(listed)
    preview = action(
        actions,
        "preview",
        database,
        _preview,
        "write pictures of the notes as each panel shows them",
        "They are drawn by the code that draws them on the device: one picture of each note for "
        "each panel, LANGUAGE/PANEL/CODE.png.",
    )
    _document_argument(preview)
    preview.add_argument("folder", type=Path, metavar="DIR", help="where to write the pictures")
    preview.add_argument(
        "--language",
        action="append",
        metavar="LANG",
        help="only this language; may be repeated (default: those in which the document has words)",
    )
    remove = action(actions, "remove", database, _remove, "delete what no kitchen shows any more")
    _document_argument(remove)


def _document_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "catalogue", metavar="SHA", help="its checksum, or the first letters of that"
    )


async def found_catalogue(store: Store, text: str) -> PublishedCatalogue:
    """Return the document whose checksum is, or begins with, `text`."""
    found = [one for one in await store.catalogues.published() if one.sha256.startswith(text)]
    if len(found) == 1 and text:
        return found[0]
    what = f"several catalogues begin with {text}" if found else f"no catalogue {text} is published"
    raise CommandError(f"{what}. `likelight-cloud catalogue list` names those there are.")


async def _add(options: argparse.Namespace) -> None:
    document, default_name, count = await asyncio.to_thread(_checked, options.folder)
    name: str = options.name or default_name
    sha256 = document_name(document)
    what = f"{sha256}, {name}, with {'1 note' if count == 1 else f'{count} notes'} of its own"
    if options.dry_run:
        print(f"Fine on every panel: {what}. Nothing was published.")
        return
    async with opened(options) as store:
        is_new = await store.catalogues.publish(sha256, name, document, utc_now())
    if is_new:
        print(f"Published {what}.")
        print("No kitchen shows it yet: ask kitchens on /fleet, or by `desired set --catalogue`.")
    else:
        print(f"{sha256} is published already, with the same content.")


def _checked(folder: Path) -> tuple[bytes, str, int]:
    """Return the document of a folder without mistakes, the folder's name, and how many notes of
    its own it has."""
    try:
        document = write_document(folder)
        notes = read_document(document)
    except CatalogueError as error:
        raise CommandError(str(error)) from error
    wrong = wrong_on_panels(notes)
    if wrong:
        raise CommandError(f"{folder} can't be used:\n" + "\n".join(f"  {one}" for one in wrong))
    own = {note.code for lang in notes.languages() for note in own_in(notes, lang)}
    if not own:
        raise CommandError(f"{folder} can't be used: all notes are the same as likelight's.")
    return document, _name_of(folder), len(own)


def _name_of(folder: Path) -> str:
    name = folder.resolve().name[: arguments.LONGEST_CATALOGUE_NAME].strip()
    return name if name.isprintable() and name else "notes"


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        published, kitchens = await store.catalogues.published(), await store.kitchens()
    found = numbers(kitchens)
    rows: list[dict[str, str | int]] = [
        {
            "sha256": one.sha256,
            "name": one.name,
            "published_at": one.created_at.isoformat(timespec="minutes"),
            "bytes": one.size,
            "asked": found[one.sha256].asked,
            "running": found[one.sha256].running,
            "refused": found[one.sha256].refused,
        }
        for one in published
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(
            f"{row['sha256']}  {row['name']}: published {row['published_at']}, {row['bytes']} "
            f"bytes; kitchens asked {row['asked']}, showing it {row['running']}, refusing it "
            f"{row['refused']}"
        )
    if not rows:
        print("No catalogue is published. `likelight-cloud catalogue add FOLDER` does that.")


async def _preview(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        one = await found_catalogue(store, options.catalogue)
        document = await store.catalogues.body(one.sha256)
    if document is None:
        raise CommandError(f"the catalogue {one.sha256} was removed just now.")
    folder: Path = options.folder
    notes = await asyncio.to_thread(read_document, document)
    languages = options.language or own_languages(notes)
    unknown = set(languages) - set(notes.languages())
    if unknown:
        raise CommandError(
            f"there is no language {min(unknown)}; there are {', '.join(notes.languages())}."
        )
    try:
        await asyncio.to_thread(_write, folder, notes, languages)
    except OSError as error:
        raise CommandError(f"{folder} can't be written: {error.strerror}.") from error
    print(f"Pictures of {one.name} are in {folder}, as LANGUAGE/PANEL/CODE.png.")


def _write(folder: Path, notes: Notes, languages: Sequence[str]) -> None:
    for lang, panel in product(languages, PANEL_NAMES):
        place = folder / lang / panel
        place.mkdir(parents=True, exist_ok=True)
        rtl = notes.load(lang).dir == "rtl"
        for note in own_in(notes, lang):
            (place / f"{note.code}.png").write_bytes(picture(note, panel, rtl=rtl))


async def _remove(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        one = await found_catalogue(store, options.catalogue)
        try:
            await store.catalogues.withdraw(one.sha256, utc_now())
        except (CatalogueInUseError, CatalogueUnknownError) as error:
            raise CommandError(str(error)) from error
    print(f"{one.sha256}, {one.name}, is removed. A device that has it keeps its copy.")
