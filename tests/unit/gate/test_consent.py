"""The crew's consent: what is stored, who can read it, and when it is valid."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from likelight.cli import consent_actions
from likelight.cli.main import main
from likelight.gate.consent import (
    CONSENT_FILE,
    Consent,
    ConsentError,
    ConsentStatus,
    consent_status,
    read_consent,
    remove_consent,
    write_consent,
)
from likelight.runtime import clock_sync as timesync

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SIGNED = Consent(
    kitchen="demo",
    signed_by="Ana Díaz",
    notice="3",
    recorded_at=NOON,
    review=date(2027, 3, 28),
)


def test_what_was_written_is_read_by_its_owner_only(tmp_path: Path) -> None:
    write_consent(tmp_path, SIGNED)
    assert read_consent(tmp_path) == SIGNED
    file = tmp_path / CONSENT_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_uid == tmp_path.stat().st_uid
    assert set(json.loads(file.read_text(encoding="utf-8"))) == {
        "kitchen",
        "signed_by",
        "notice",
        "recorded_at",
        "review",
    }, "a change that stores more about a person says so in the docs first"
    write_consent(tmp_path, SIGNED.model_copy(update={"notice": "4"}))
    assert [path.name for path in tmp_path.iterdir()] == [CONSENT_FILE]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_written_by_root_it_belongs_to_the_daemon(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 2345)
    write_consent(tmp_path, SIGNED)
    written = (tmp_path / CONSENT_FILE).stat()
    assert (written.st_uid, written.st_gid, written.st_mode & 0o777) == (1234, 2345, 0o600)


def test_a_link_that_waits_in_the_directory_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine", encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    (state / CONSENT_FILE).symlink_to(elsewhere)
    write_consent(state, SIGNED)
    assert elsewhere.read_text(encoding="utf-8") == "mine"
    assert read_consent(state) == SIGNED


def test_withdrawn_is_gone(tmp_path: Path) -> None:
    write_consent(tmp_path, SIGNED)
    assert remove_consent(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert read_consent(tmp_path) is None
    assert not remove_consent(tmp_path)


@pytest.mark.parametrize("damage", ["", "{", "{}", "[]", '{"signed_by": "Ana"}', "\0" * 99])
def test_a_damaged_record_is_none(tmp_path: Path, damage: str) -> None:
    (tmp_path / CONSENT_FILE).write_text(damage, encoding="utf-8")
    with pytest.raises(ConsentError, match="record the crew's consent again"):
        read_consent(tmp_path)


@pytest.mark.parametrize(
    ("at", "clock", "worth"),
    [
        (NOON, True, ConsentStatus.VALID),
        (NOON - timedelta(minutes=60), True, ConsentStatus.VALID),
        (NOON - timedelta(minutes=60, seconds=1), True, ConsentStatus.NO_CLOCK),
        (NOON, False, ConsentStatus.NO_CLOCK),
        # 28 March 2027 ends in Berlin at 22:00 UTC: summer time began on that day.
        (datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), True, ConsentStatus.VALID),
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), True, ConsentStatus.OVERDUE),
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), False, ConsentStatus.OVERDUE),
    ],
)
def test_what_a_consent_is_worth(at: datetime, clock: bool, worth: ConsentStatus) -> None:
    assert consent_status(SIGNED, at, BERLIN, clock_is_set=clock, kitchen="demo") is worth


def test_none_is_worth_nothing() -> None:
    status = consent_status(None, NOON, BERLIN, clock_is_set=True, kitchen="demo")
    assert status is ConsentStatus.MISSING


@pytest.mark.parametrize("clock", [True, False])
def test_another_kitchens_consent_is_void_here(clock: bool) -> None:
    status = consent_status(SIGNED, NOON, BERLIN, clock_is_set=clock, kitchen="bistro-7")
    assert status is ConsentStatus.OTHER_KITCHEN


@pytest.fixture
def synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timesync, "SYNCHRONISED", tmp_path)


@pytest.mark.usefixtures("synchronised")
def test_record_show_and_withdraw_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--state-dir", str(tmp_path)]
    review = (datetime.now(UTC) + timedelta(days=100)).date().isoformat()
    assert main(["consent", "show", *where]) == 1
    assert "No consent is recorded" in capsys.readouterr().out

    record = ["consent", "record", "--signed-by", "Ana Díaz", "--notice", "3", "--review", review]
    assert main([*record, *where]) == 0
    assert "No likelight runs here" in capsys.readouterr().out

    assert main(["consent", "show", *where]) == 0
    assert "Signed for the crew by Ana Díaz, notice 3" in capsys.readouterr().out
    assert main(["consent", "show", "--json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["signed_by"], told["review"]) == ("valid", "Ana Díaz", review)

    assert main(["consent", "withdraw", *where]) == 0
    assert main(["consent", "show", *where]) == 1


def test_a_record_on_a_clock_that_is_not_set_says_that_the_camera_stays_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(consent_actions, "clock_is_set", lambda _: False)
    review = (datetime.now(UTC) + timedelta(days=100)).date().isoformat()
    record = ["consent", "record", "--signed-by", "Ana", "--notice", "3", "--review", review]
    assert main([*record, "--state-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "The clock is not set, so nobody knows whether it holds; a real camera stays off" in told
    assert "It holds as soon as" not in told


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--signed-by", " ", "--notice", "3", "--review", "2099-01-01"], "at most two years"),
        (["--signed-by", "Ana", "--notice", "3", "--review", "2020-01-01"], "from today on"),
        (["--signed-by", " ", "--notice", "3", "--review", "today"], "one name of up to 80"),
        (["--signed-by", "A\nB", "--notice", "3", "--review", "today"], "one name of up to 80"),
    ],
)
def test_a_bad_record_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    today = datetime.now(UTC).date() + timedelta(days=1)
    options = [today.isoformat() if option == "today" else option for option in options]
    assert main(["consent", "record", *options, "--state-dir", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["record", "withdraw"])
def test_a_wrong_directory_is_reported_and_not_taken_for_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    options = ["--signed-by", "Ana", "--notice", "3", "--review", tomorrow]
    wrong = ["--state-dir", str(tmp_path / "nowhere")]
    assert main(["consent", verb, *(options if verb == "record" else []), *wrong]) == 69
    assert "there is no state directory" in capsys.readouterr().err


@pytest.mark.parametrize(("days", "holds"), [(731, True), (734, False)])
def test_a_consent_is_to_be_reviewed_within_two_years(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, holds: bool
) -> None:
    review = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    options = ["--signed-by", "Ana", "--notice", "3", "--review", review]
    assert main(["consent", "record", *options, "--state-dir", str(tmp_path)]) == (
        0 if holds else 2
    )
    assert ("at most two years" in capsys.readouterr().err) is not holds
    # And by hand: a day more, for zones that are ahead of UTC.
    by_hand = SIGNED.model_dump_json().replace(
        "2027-03-28", (NOON.date() + timedelta(days=days)).isoformat()
    )
    (tmp_path / CONSENT_FILE).write_text(by_hand, encoding="utf-8")
    if holds:
        assert read_consent(tmp_path) is not None
    else:
        with pytest.raises(ConsentError):
            read_consent(tmp_path)
