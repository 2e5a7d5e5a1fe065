"""`likelight-cloud report`: sums of a kitchen or of the fleet, and of nobody."""

import argparse
from collections.abc import Iterator

from likelight.fleet.stores.table import in_csv
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, found, json_option, opened
from likelight_cloud.reports import Report, report_of

COLUMNS = ("what", "when", "which", "value")


def add_report(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud report`."""
    command = action(
        commands,
        "report",
        database,
        _report,
        "likes by day and by hour of the week, notes by week, and how long the lamp worked",
        "A sum of fewer than 20 viewers is left out, and in no total; so is a day, a week or four "
        "weeks that are not over. Where a weekday leaves out an hour or a day, it leaves out the "
        "first of its other hours, too.",
    )
    whose = command.add_mutually_exclusive_group(required=True)
    whose.add_argument("kid", nargs="?", metavar="KID", help="the kitchen's id")
    whose.add_argument("--fleet", action="store_true", help="all kitchens together")
    how = command.add_mutually_exclusive_group()
    json_option(how)
    how.add_argument("--csv", action="store_true", help="print it as CSV, one figure a line")


async def _report(options: argparse.Namespace) -> None:
    kid: str | None = options.kid
    async with opened(options) as store:
        zone = None if kid is None else (await found(store, kid)).zone
        told = await report_of(store.aggregates, utc_now(), kid=kid, zone=zone)
    if options.json:
        print(told.model_dump_json(indent=2))
        return
    if options.csv:
        print(in_csv([COLUMNS, *rows(told)]), end="")
        return
    print(_words(told))


def rows(told: Report) -> Iterator[tuple[str, str, str, str]]:
    """Return the figures of a report, one a row, under `COLUMNS`. No text in them is anybody's."""
    for day in told.days:
        yield "likes", f"{day.day}", "", f"{day.likes}"
    for hour in told.hours:
        yield "hour", hour.weekday, f"{hour.hour:02}:00", f"{hour.of_busiest}"
    for week in told.notes:
        yield "notes", f"{week.week}", week.code, f"{week.notes}"
    for lamp in told.lamp:
        yield "lamp", f"{lamp.day}", "percent", f"{lamp.percent}"


def _words(told: Report) -> str:
    lines = [
        f"{told.kitchen or 'The fleet'}, through {told.through}. Sums of fewer than 20 viewers are "
        "left out, and in no total.",
        f"Likes: {told.likes} on {len(told.days)} days",
        *(f"    {day.day}  {day.likes}" for day in told.days[-7:]),
    ]
    if told.trend_percent is not None:
        lines.append(f"Likes a day, to the four weeks before: {told.trend_percent:+} %")
    if told.hours_from is not None:
        lines.append(f"Busiest hours, in the mean of the four weeks from {told.hours_from} on")
        busiest = sorted(told.hours, key=lambda one: -one.of_busiest)[:5]
        lines += [f"    {one.weekday} {one.hour:02}:00  {one.of_busiest}" for one in busiest]
    lines.append(f"Notes: {told.notes_sent}")
    lines += [f"    week of {one.week}  {one.code}  {one.notes}" for one in told.notes[-10:]]
    if told.lamp_percent is not None:
        lines.append(f"The lamp worked for {told.lamp_percent} % of the time")
    return "\n".join(lines)
