"""`likelight-cloud kitchen add|list|show|rename|remove`: the kitchens of a cloud."""

import argparse
import json
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from likelight.contract import KitchenId, KitchenName
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import (
    Commands,
    action,
    actions_of,
    dry_run_option,
    found,
    json_option,
    kitchen_argument,
    opened,
)
from likelight_cloud.cli.desired import in_words
from likelight_cloud.cli.enrolment import add_code
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.cli.labels import add_labels
from likelight_cloud.cli.sheet import add_sheet
from likelight_cloud.cli.stores_command import add_stores
from likelight_cloud.fleet_page.row import AIR_WORDS, Air, air_of, contact_of, last_heard_at
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.store.rotation import RotationStep
from likelight_cloud.trust.device import hashed, new_token

_ROTATION = {
    RotationStep.ASKED: "asked; the device has not answered yet, and the token in use stays valid",
    RotationStep.HALF_WAY: "half-way; the token before ends once the device has used the new one "
    "twice",
    RotationStep.DONE: "done; the new token alone is valid",
}


def add_kitchen(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen` and its actions."""
    actions = actions_of(
        commands,
        "kitchen",
        "kitchens, one by one or as a list: their names, codes, sheets and labels",
    )
    add = action(
        actions, "add", database, _add, "create a kitchen and print its device's token, once"
    )
    add.add_argument("kid", metavar="KID", help="short id in addresses: a-z, 0-9 and -")
    add.add_argument("name", metavar="NAME", help="the name that viewers read")
    every = action(actions, "list", database, _list, "print one line for each kitchen")
    json_option(every)
    show = action(actions, "show", database, _show, "print all about one kitchen")
    kitchen_argument(show)
    json_option(show)
    rename = action(
        actions, "rename", database, _rename, "give a kitchen another name, also while it is served"
    )
    kitchen_argument(rename)
    rename.add_argument("name", metavar="NAME", help="the name that viewers read")
    remove = action(
        actions,
        "remove",
        database,
        _remove,
        "delete a kitchen and all that is kept of it: likes, notes, tokens; its device is "
        "refused from then on",
    )
    kitchen_argument(remove)
    dry_run_option(remove, "say what would be deleted, and delete nothing")
    add_code(actions, database)
    add_sheet(actions, database)
    add_labels(actions, database)
    add_stores(actions, database)


async def _add(options: argparse.Namespace) -> None:
    try:
        kid = TypeAdapter(KitchenId).validate_python(options.kid)
    except ValidationError as error:
        raise CommandError(
            f"{options.kid} cannot be a kitchen's id: up to 40 of a-z, 0-9 and -, for example "
            "store-17."
        ) from error
    name, token = _name(options.name), new_token()
    async with opened(options) as store:
        if not await store.add_kitchen(kid, name, utc_now()):
            raise CommandError(f"the kitchen {kid} exists already. Choose another id.")
        await store.add_token(kid, hashed(token), utc_now())
    print(f"The kitchen {kid} is ready. Its device's token, shown only now:\n{token}")


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        kitchens = await store.kitchens()
    if options.json:
        print(json.dumps([_facts(record) for record in kitchens], indent=2))
        return
    width = max((len(record.kid) for record in kitchens), default=0)
    for record in kitchens:
        print(f"{record.kid:{width}}  {record.name}  ({_last_report(record)})")


async def _show(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        record = await found(store, options.kid)
    facts = _facts(record)
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    if record.rotation is not None:
        facts["rotation"] = _ROTATION[record.rotation.step]
    facts["desired"] = in_words(record.desired)
    for name, value in facts.items():
        print(f"{name}: {'-' if value is None else value}")


async def _rename(options: argparse.Namespace) -> None:
    name = _name(options.name)
    async with opened(options) as store:
        await store.rename_kitchen(options.kid, name)
    print(f"The kitchen {options.kid} is called {name} now.")


async def _remove(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        record = await found(store, options.kid)
        what = (
            f"the kitchen {record.kid} ({record.name}) with {record.likes_total} likes and "
            f"{record.head} notes"
        )
        if options.dry_run:
            print(f"This would remove {what}. Nothing was removed.")
            return
        await store.remove_kitchen(options.kid)
    print(f"Removed {what}. Its device is refused from now on.")


def _name(text: str) -> str:
    try:
        return TypeAdapter(KitchenName).validate_python(text)
    except ValidationError as error:
        raise CommandError(
            f"{text!r} cannot be a kitchen's name: viewers read it, in one line of 1 to 60 "
            "characters."
        ) from error


def _facts(record: KitchenRecord) -> dict[str, object]:
    """Return what operators may know of a kitchen, under the names that programs read."""
    report, rotation = record.report, record.rotation
    air, heard_at = _heard(record)
    return {
        "kid": record.kid,
        "name": record.name,
        **record.details.model_dump(),
        "created_at": _time(record.created_at),
        "likes": record.likes_total,
        "notes": record.head,
        "notes_delivered": record.acked,
        "notes_shown": record.notes_shown,
        "desired": record.desired.model_dump(mode="json"),
        "rotation": rotation and rotation.step.value,
        "rotation_at": rotation and _time(rotation.at),
        "last_heard_at": heard_at and _time(heard_at),
        "state": air.value,
        "simulated": report and report.simulated,
        "lit_total": report and report.lit_total,
    }


def _last_report(record: KitchenRecord) -> str:
    air, heard_at = _heard(record)
    words = AIR_WORDS[air].lower()
    return f"{words} since {_time(heard_at)}" if heard_at else words


def _heard(record: KitchenRecord) -> tuple[Air, datetime | None]:
    air = air_of(record, contact_of(record, utc_now()))
    return air, last_heard_at(record, air)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
