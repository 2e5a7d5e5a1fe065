"""`likelight-cloud status`: how a cloud's kitchens are, in a few lines."""

import argparse
import json
from collections import Counter

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, json_option, opened
from likelight_cloud.fleet_page.row import AIR_WORDS, air_of, contact_of


def add_status(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud status`."""
    status = action(
        commands, "status", database, _status, "how many kitchens there are, and how they are"
    )
    json_option(status)


async def _status(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        kitchens = await store.kitchens()
    now = utc_now()
    states = Counter(air_of(record, contact_of(record, now)) for record in kitchens)
    rotations = Counter(record.rotation.step.value for record in kitchens if record.rotation)
    facts = {
        "kitchens": len(kitchens),
        "states": {air.value: count for air, count in states.most_common()},
        "rotations": dict(rotations.most_common()),
        "likes": sum(record.likes_total for record in kitchens),
        "notes": sum(record.head for record in kitchens),
        "notes_shown": sum(record.notes_shown for record in kitchens),
    }
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    told = "; ".join(f"{count} {AIR_WORDS[air].lower()}" for air, count in states.most_common())
    rotating = ", ".join(f"{count} {step}" for step, count in rotations.most_common())
    print(
        f"Kitchens: {facts['kitchens']}{f' ({told})' if told else ''}\n"
        f"Rotations of tokens: {rotating or 0}\n"
        f"Likes: {facts['likes']}\n"
        f"Notes: {facts['notes']}, of which shown: {facts['notes_shown']}"
    )
