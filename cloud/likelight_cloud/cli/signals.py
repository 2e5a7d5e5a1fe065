"""`likelight-cloud signals`: which kitchens need somebody, or have something to celebrate."""

import argparse
import json

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, json_option, opened
from likelight_cloud.store.signals import HELD_FOR, facts_of


def add_signals(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud signals`."""
    signals = action(
        commands,
        "signals",
        database,
        _signals,
        "what needs somebody: lamps that light no like, pictures that do not come, many kitchens "
        "offline at once, a spike of likes, a week without one",
        "A kitchen that is off air on purpose is never among them. The cloud looks four times a "
        "minute while it serves.",
    )
    json_option(signals)


async def _signals(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        visible = [one.signal for one in await store.signals.open_signals() if not one.hidden]
        looked_at = await store.signals.looked_at()
    if options.json:
        print(json.dumps([facts_of(signal) for signal in visible], indent=2, ensure_ascii=False))
        return
    for signal in visible:
        print(f"{signal.kid or 'all'}  {signal.kind}, {signal.began_at:%Y-%m-%d %H:%M} UTC")
        print(f"    {signal.words}")
    if not visible:
        print("Nothing needs anybody.")
    if looked_at is None:
        print("No cloud has looked for signals yet: they come while `likelight-cloud serve` runs.")
    elif utc_now() - looked_at > HELD_FOR:
        print(f"No cloud serves just now: this is how it was at {looked_at:%Y-%m-%d %H:%M} UTC.")
