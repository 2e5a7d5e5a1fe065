"""`likelight consent record|withdraw|show`: the crew's consent to a real camera."""

import argparse
from datetime import date
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_consent(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "consent",
        help="the crew's consent to the camera: record, withdraw, show",
        description="A real camera stays off until the crew's consent is recorded, and goes off "
        "when it is withdrawn or its review date has passed. Stored is the name of who signed "
        "for the crew, the version of the notice, and two dates; nothing else about anybody.",
    )
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    record = verbs.add_parser("record", help="the crew agrees; replaces an older record")
    record.add_argument(
        "--signed-by", required=True, metavar="NAME", help="who signed for the crew: one name"
    )
    record.add_argument(
        "--notice", required=True, metavar="VERSION", help="the notice that the crew was given"
    )
    record.add_argument(
        "--review",
        required=True,
        type=_date,
        metavar="DATE",
        help="the last day that it holds, such as 2027-05-31; at most two years ahead",
    )
    record.set_defaults(run=_record)

    withdraw = verbs.add_parser("withdraw", help="the camera goes off now; deletes the record")
    withdraw.set_defaults(run=_withdraw)

    show = verbs.add_parser("show", help="what is recorded; exit code 0 while it holds, else 1")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(run=_show)

    for verb in (record, withdraw, show):
        add_device_options(verb)


def _record(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.consent_actions import record

    return record(
        target_of(arguments),
        signed_by=arguments.signed_by,
        notice=arguments.notice,
        review=arguments.review,
    )


def _withdraw(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.consent_actions import withdraw

    return withdraw(target_of(arguments))


def _show(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.consent_actions import show

    return show(target_of(arguments), for_programs=arguments.json)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a date; write 2027-05-31") from None
