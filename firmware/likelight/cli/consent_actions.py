"""What `likelight consent` does: it records, withdraws and shows the crew's consent."""

import json
from datetime import UTC, date, datetime, timedelta

from pydantic import ValidationError

from likelight.cli.exits import Exit, end
from likelight.cli.target import Target
from likelight.config.settings import ConfigError
from likelight.daemon.first_consent import begin_shared, is_first_consent
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
from likelight.web.control.client import CommandRefused, NotRunning, call
from likelight.web.control.messages import ConsentAnswer

_NO_CLOCK = (
    "The clock is not set, so nobody knows whether it holds; a real camera stays off until it is."
)


def record(target: Target, *, signed_by: str, notice: str, review: date) -> Exit:
    """Record the crew's consent. Raises `ConfigError` for what can't be recorded."""
    now = utc_now()
    today = now.astimezone(kitchen_zone(target.config.kitchen.timezone)).date()
    if not today <= review <= today + LONGEST_CONSENT:
        raise ConfigError(
            f"--review {review} should be a day from today on, at most two years ahead"
        )
    try:
        consent = Consent(
            kitchen=target.config.kitchen.id,
            signed_by=signed_by,
            notice=notice,
            recorded_at=now.astimezone(UTC),
            review=review,
        )
    except ValidationError:
        raise ConfigError(
            "--signed-by takes one name of up to 80 characters, --notice a version of up to 40"
        ) from None
    config, first = target.config, is_first_consent(target.config)
    try:
        write_consent(config.state_dir, consent)
    except ConsentError as error:
        return end(error, Exit.UNAVAILABLE)
    if first:
        begin_shared(config)
    print(f"The crew's consent is recorded; it holds until {consent.review}.")
    if clock_is_set(target.socket.parent):
        return _tell(target, "It holds as soon as likelight starts.", holds=True)
    print(_NO_CLOCK)
    return _tell(target, "It is read when likelight starts.", holds=True)


def withdraw(target: Target) -> Exit:
    """Delete the record."""
    state_dir = target.config.state_dir
    try:
        was_there = remove_consent(state_dir)
    except ConsentError as error:
        return end(error, Exit.UNAVAILABLE)
    print("The consent is withdrawn." if was_there else f"No consent is on record in {state_dir}.")
    return _tell(target, "The camera stays off when likelight starts.", holds=False)


def _tell(target: Target, later: str, *, holds: bool) -> Exit:
    """Let the running daemon read the record again, and check that it finds what we wrote or
    deleted."""
    try:
        answer = call(target.socket, "POST", "/consent/reload", ConsentAnswer)
    except NotRunning:
        print(f"No likelight runs here. {later}")
        return Exit.DONE
    except CommandRefused as refused:
        return end(
            f"it is stored, but the running likelight did not accept it: {refused}. It looks by "
            "itself within 10 s; watch the on-air light, or restart it",
            Exit.UNAVAILABLE,
        )
    if answer.holds and not holds:
        return end(
            "the likelight that runs here still has a consent, kept elsewhere: name its "
            "directory with --state-dir, or its configuration with --config",
            Exit.UNAVAILABLE,
        )
    print(answer.words)
    return Exit.DONE


def show(target: Target, *, for_programs: bool) -> Exit:
    """Print what is recorded; `Exit.FAILED` unless it holds now."""
    kitchen = target.config.kitchen
    zone = kitchen_zone(kitchen.timezone)
    try:
        consent = read_consent(target.config.state_dir)
    except ConsentError as error:
        return end(error, Exit.UNAVAILABLE)
    now = utc_now()
    is_set = clock_is_set(target.socket.parent)
    status = consent_status(consent, now, zone, clock_is_set=is_set, kitchen=kitchen.id)
    if for_programs:
        recorded = consent.model_dump(mode="json") if consent else {}
        print(json.dumps({"status": status.value, **recorded}))
    else:
        print(_words(consent, status, now.astimezone(zone)))
    return Exit.DONE if status is ConsentStatus.VALID else Exit.FAILED


def _words(consent: Consent | None, status: ConsentStatus, now: datetime) -> str:
    if consent is None:
        return "No consent is recorded; a real camera stays off."
    days = (consent.review - now.date()) // timedelta(days=1)
    ends = {
        ConsentStatus.VALID: (
            f"It holds for {days} more days." if days else "It holds until midnight."
        ),
        ConsentStatus.OTHER_KITCHEN: f"It was recorded for the kitchen {consent.kitchen}"
        " and is void in this one; a real camera stays off.",
        ConsentStatus.OVERDUE: "Its review date has passed; a real camera is off.",
        ConsentStatus.NO_CLOCK: _NO_CLOCK,
    }[status]
    return (
        f"Signed for the crew by {consent.signed_by}, notice {consent.notice}, recorded on "
        f"{consent.recorded_at.date()}, to be reviewed by {consent.review}. {ends}"
    )
