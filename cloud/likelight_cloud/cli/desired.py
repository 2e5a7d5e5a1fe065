"""`likelight-cloud desired`: what the cloud asks of a kitchen's device."""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC

from likelight.contract import Desired, Weekday
from likelight.contract.schedule import in_rows, weekly
from likelight_cloud.cli import arguments
from likelight_cloud.cli.catalogue import found_catalogue
from likelight_cloud.cli.database import (
    Commands,
    action,
    actions_of,
    found,
    json_option,
    kitchen_argument,
    opened,
)
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.catalogues import CatalogueUnknownError


def add_desired(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud desired show` and `desired set`."""
    actions = actions_of(commands, "desired", "what is asked of a kitchen's device")
    show = action(actions, "show", database, _show, "print what is asked")
    kitchen_argument(show)
    json_option(show)
    change = action(
        actions,
        "set",
        database,
        _set,
        "ask for something else, also while the cloud serves; it can only reduce what viewers "
        "see: 'on' lifts neither PRIVACY, consent nor the kitchen's own hours",
    )
    kitchen_argument(change)
    change.add_argument("--mode", choices=("on", "off"), help="off: no pictures")
    change.add_argument(
        "--pace-ms",
        type=arguments.pace,
        metavar="MS",
        help="the least time between two replies with new likes, 0 to 60000",
    )
    notes = change.add_mutually_exclusive_group()
    notes.add_argument(
        "--catalogue",
        metavar="SHA",
        help="show the notes of this published catalogue, its checksum or the first letters of "
        "that: `likelight-cloud catalogue list`",
    )
    notes.add_argument(
        "--own-notes",
        action="store_true",
        help="show no published catalogue, but the notes of the kitchen's own folder, or "
        "likelight's",
    )
    hours = change.add_mutually_exclusive_group()
    hours.add_argument(
        "--hours",
        type=arguments.day_hours,
        nargs="+",
        metavar="DAY=HOURS",
        help="a week that can only close, such as monday=11:00-14:00,17:00-23:00 "
        "friday=11:00-02:00; a day that is left out is closed, and an end that is not after its "
        "beginning is on the next day",
    )
    hours.add_argument(
        "--no-hours",
        dest="hours",
        action="store_const",
        const=(),
        help="ask for no hours: the kitchen's own alone count",
    )


async def _show(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        asked = (await found(store, options.kid)).desired.model_dump(mode="json")
    if options.json:
        print(json.dumps(asked, indent=2))
        return
    for name, value in asked.items():
        print(f"{name}: {'-' if value in (None, {}) else value}")


async def _set(options: argparse.Namespace) -> None:
    wishes: dict[str, object] = {
        "mode": options.mode,
        "pace_ms": options.pace_ms,
        "schedule": None if options.hours is None else _week(options.hours),
    }
    changes = {name: value for name, value in wishes.items() if value is not None}
    if not changes and options.catalogue is None and not options.own_notes:
        raise CommandError(
            "say what to ask for: --mode, --pace-ms, --hours, --no-hours, --catalogue or "
            "--own-notes."
        )

    def change(held: Desired) -> Desired:
        return held.model_copy(update=changes)

    async with opened(options) as store:
        if options.own_notes:
            changes["catalogue"] = None
        elif options.catalogue is not None:
            changes["catalogue"] = (await found_catalogue(store, options.catalogue)).sha256
        try:
            await store.change_desired(options.kid, change)
        except CatalogueUnknownError as error:  # removed meanwhile
            raise CommandError(str(error)) from error
    told = ", ".join(_told(name, value) for name, value in changes.items())
    print(f"The device of {options.kid} is asked for {told}.")


def _week(rows: Sequence[tuple[Weekday, str]]) -> dict[Weekday, str]:
    """Return a row for each day as devices read them; none where no hours are asked for."""
    twice = [day for day, count in Counter(day for day, _ in rows).items() if count > 1]
    if twice:
        raise CommandError(
            f"--hours names {twice[0]} twice. Write its hours once: "
            f"{twice[0]}=11:00-14:00,17:00-23:00"
        )
    # The zone is the kitchen's own, and the rows have none.
    return in_rows(weekly(dict(rows), UTC)) if rows else {}


def in_words(asked: Desired) -> str:
    """Return what a device is asked for, in one line."""
    told = [_told("mode", asked.mode), _told("schedule", asked.schedule)]
    told.append(_told("pace_ms", asked.pace_ms))
    if asked.catalogue is not None:
        told.append(_told("catalogue", asked.catalogue))
    if asked.rotate:
        told.append("a new token")
    return ", ".join([*told, _told("version", asked.version)])


def _told(name: str, value: object) -> str:
    if name == "catalogue":
        return "its own notes" if value is None else f"the notes of the catalogue {value}"
    if name != "schedule":
        return f"{name} {value}"
    if not isinstance(value, dict) or not value:
        return "no hours"
    return "; ".join(f"{day} {hours}" for day, hours in value.items())
