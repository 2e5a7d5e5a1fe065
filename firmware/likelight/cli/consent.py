"""`likelight consent record|withdraw|show`: the crew's consent to a real camera."""

import argparse
import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from likelight.config.settings import DEFAULT_FILE, Config, ConfigError, read_config
from likelight.gate.consent import (
    LONGEST_CONSENT,
    Consent,
    ConsentError,
    ConsentStatus,
    consent_status,
    read_consent,
    remove_consent,
    write_consent,
)
from likelight.gate.zone import kitchen_zone
from likelight.runtime.clock import utc_now
from likelight.runtime.clock_sync import clock_is_set
from likelight.web.control import client

EXIT_NO_CONSENT = 1
"""`show`: no consent that holds now."""
EXIT_FAILED = 69
"""sysexits(3) EX_UNAVAILABLE: it could not be stored, or the running device did not hear of it."""
SERVICE_STATE = Path("/var/lib/likelight")
"""Where systemd's unit keeps it (`StateDirectory=likelight`)."""

Commands = Any
"""argparse has no public name for what `add_subparsers` returns."""


def add_consent(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "consent",
        help="the crew's consent to the camera: record, withdraw, show",
        description="A real camera stays off until the crew's consent is recorded, and goes off "
        "when it is withdrawn or its review date has passed. Kept is the name of whoever signed "
        "for the crew, the version of the notice, and two dates; nothing else about anybody.",
    )
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    record = verbs.add_parser("record", help="the crew agrees; replaces an older record")
    record.add_argument(
        "--signed-by", required=True, metavar="NAME", help="whoever signed for the crew: one name"
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
        verb.add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            help=f"the configuration of the device (default {DEFAULT_FILE}, if there is one)",
        )
        verb.add_argument(
            "--state-dir", type=Path, metavar="DIR", help="where the device keeps what must last"
        )


def _record(arguments: argparse.Namespace) -> int:
    config, state_dir = _place(arguments)
    now = utc_now()
    today = now.astimezone(kitchen_zone(config.kitchen.timezone)).date()
    if not today <= arguments.review <= today + LONGEST_CONSENT:
        raise ConfigError(
            f"--review {arguments.review} should be a day from today on, at most two years ahead"
        )
    try:
        record = Consent(
            signed_by=arguments.signed_by,
            notice=arguments.notice,
            recorded_at=now.astimezone(UTC),
            review=arguments.review,
        )
    except ValidationError:
        raise ConfigError(
            "--signed-by takes one name of up to 80 characters, --notice a version of up to 40"
        ) from None
    try:
        write_consent(state_dir, record)
    except ConsentError as error:
        return _failed(str(error))
    print(f"The crew's consent is recorded; it holds until {record.review}.")
    return _tell(config, "It holds as soon as likelight starts.", holds=True)


def _withdraw(arguments: argparse.Namespace) -> int:
    config, state_dir = _place(arguments)
    try:
        was_there = remove_consent(state_dir)
    except ConsentError as error:
        return _failed(str(error))
    print("The consent is withdrawn." if was_there else f"No consent is on record in {state_dir}.")
    return _tell(config, "The camera stays off when likelight starts.", holds=False)


def _tell(config: Config, later: str, *, holds: bool) -> int:
    """Let the running daemon know; it reads what is on the disk, and must find what we left."""
    try:
        answer = client.call(client.find(config), "POST", "/consent/reload")
    except client.NotRunning:
        print(f"No likelight runs here. {later}")
        return 0
    except client.Refused as refused:
        return _failed(
            f"it is stored, but the running likelight did not hear of it: {refused}. It looks by "
            "itself within 10 s; watch the on-air light, or restart it"
        )
    if answer["holds"] and not holds:
        return _failed(
            "the likelight that runs here has a consent all the same, kept elsewhere: name its "
            "directory with --state-dir, or its configuration with --config"
        )
    print(answer["words"])
    return 0


def _show(arguments: argparse.Namespace) -> int:
    config, state_dir = _place(arguments)
    zone = kitchen_zone(config.kitchen.timezone)
    try:
        record = read_consent(state_dir)
    except ConsentError as error:
        return _failed(str(error))
    now = utc_now()
    stands = consent_status(record, now, zone, clock_is_set=clock_is_set())
    if arguments.json:
        told = record.model_dump(mode="json") if record else {}
        print(json.dumps({"status": stands.value, **told}))
    else:
        print(_words(record, stands, now.astimezone(zone)))
    return 0 if stands is ConsentStatus.VALID else EXIT_NO_CONSENT


def _words(record: Consent | None, stands: ConsentStatus, now: datetime) -> str:
    if record is None:
        return "No consent is recorded; a real camera stays off."
    days = (record.review - now.date()) // timedelta(days=1)
    ends = {
        ConsentStatus.VALID: (
            f"It holds for {days} more days." if days else "It holds until midnight."
        ),
        ConsentStatus.OVERDUE: "Its review date has passed; a real camera is off.",
        ConsentStatus.NO_CLOCK: "The clock is not set, so nobody knows whether it holds; "
        "a real camera stays off until it is.",
    }[stands]
    return (
        f"Signed for the crew by {record.signed_by}, notice {record.notice}, recorded on "
        f"{record.recorded_at.date()}, to be reviewed by {record.review}. {ends}"
    )


def _place(arguments: argparse.Namespace) -> tuple[Config, Path]:
    """Return the configuration, and the directory where the record belongs."""
    if arguments.config is not None or DEFAULT_FILE.exists():
        config = read_config(arguments.config or DEFAULT_FILE)
    else:
        config = Config()
    if arguments.state_dir is not None:
        config = config.model_copy(update={"state_dir": arguments.state_dir.absolute()})
    elif "state_dir" not in config.model_fields_set and SERVICE_STATE.is_dir():
        return config, SERVICE_STATE
    return config, config.state_dir


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no date; write 2027-05-31") from None


def _failed(words: str) -> int:
    print(f"likelight: {words}", file=sys.stderr)
    return EXIT_FAILED
