"""The figures of the contract: the last value that is right, and the first that is not."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from likelight.contract import CameraReport, Events, State, Status, StatusReply, Thanks
from support.cloud import status
from support.strange import replaced, wire

NOTE = {
    "seq": 1,
    "id": "01JD",
    "code": "heroes",
    "created_at": "2026-11-21T11:00:00Z",
    "expires_at": "2026-11-21T23:00:00Z",
}
EVENTS: dict[str, Any] = {
    "cursor": "c1",
    "epoch": "k7Qe",
    "server_time": "2026-11-21T12:00:00Z",
    "likes": {"total": 5, "delta": 2, "rate": 2.5, "by_source": {"webhook:till": 2}},
    "notes": [NOTE],
    "dropped_notes": 0,
    "viewers": {"band": "30-49", "watching": True},
    "desired": {"version": 1, "mode": "on", "pace_ms": 1000},
    "next": {"wait": 25, "not_before_ms": 0},
}
STATUS = status(
    cursor="c1",
    thanks={"id": "t1", "at": "2026-11-21T12:00:00Z"},
    notes=[{"id": "n1", "shown_at": "2026-11-21T12:00:00Z"}],
    health={"sw": "0.1.0", "temp_c": 61.2, "throttled": 0},
)
REPLY = {"desired": {"version": 1}, "server_time": "2026-11-21T12:00:00Z"}
COUNT = (0, 2**53 - 1), (-1, 2**53, 2**63, 10**400, 1.5, "1", True)
TIME = (
    ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2100-01-01T14:00:00+14:00"),
    (
        "1999-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00.001Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-21T12:00:00",
    ),
)
NAME = ("a", "A-_9" * 16), ("", "a" * 65, "a\n", "a b", "\u00e4", "a\x1b[0m", 1)
CURSOR = ("~", "!" * 128), ("", "c" * 129, "c\n", "c d", "\u00e4")
MODELS: dict[str, tuple[type[BaseModel], Any]] = {
    "events": (Events, EVENTS),
    "status": (Status, STATUS),
    "reply": (StatusReply, REPLY),
}


@pytest.mark.parametrize(
    ("what", "path", "figures"),
    [
        ("events", "likes.total", COUNT),
        ("events", "likes.delta", COUNT),
        ("events", "dropped_notes", COUNT),
        ("events", "notes.0.seq", COUNT),
        ("events", "desired.version", COUNT),
        ("events", "desired.pace_ms", ((0, 60_000), (-1, 60_001))),
        ("events", "cursor", CURSOR),
        ("events", "epoch", NAME),
        ("events", "notes.0.id", NAME),
        ("events", "notes.0.code", (("a", "a" * 32), ("", "a" * 33, "A", "a\n", "9"))),
        ("events", "server_time", TIME),
        ("events", "notes.0.created_at", TIME),
        ("events", "notes.0.expires_at", TIME),
        ("events", "notes", (([], [NOTE] * 100), ([NOTE] * 101, {}, None))),
        ("events", "viewers.watching", ((True, False), ("yes", 1, None))),
        ("events", "more", ((True, False), ("yes", 1, None))),
        ("reply", "desired.version", COUNT),
        ("reply", "server_time", TIME),
        ("status", "boot_id", NAME),
        ("status", "n", COUNT),
        ("status", "sent_at", TIME),
        ("status", "cursor", CURSOR),
        ("status", "applied_version", COUNT),
        ("status", "simulated", ((True, False), ("yes", 1, None))),
        ("status", "camera.since", TIME),
        ("status", "camera.opens_at", TIME),
        ("status", "light.lit_total", COUNT),
        ("status", "light.last_lit_at", TIME),
        ("status", "notes.0.id", NAME),
        ("status", "notes.0.shown_at", TIME),
        ("status", "notes.0.thanked_at", TIME),
        ("status", "notes", (([], [{"id": "x"}] * 100), ([{"id": "x"}] * 101,))),
        ("status", "thanks.id", NAME),
        ("status", "thanks.at", TIME),
        ("status", "health.sw", (("1.4.0+a b", "x" * 64), ("", "x" * 65, "1\n", "\u00e4"))),
        ("status", "health.temp_c", ((-40, 61.2), (float("nan"), float("inf"), 1e300))),
        ("status", "health.throttled", ((0, 0x50005), (2**70, 10**400, 0.5))),
    ],
)
def test_the_first_value_out_of_range_makes_it_no_contract(
    what: str, path: str, figures: tuple[tuple[Any, ...], tuple[Any, ...]]
) -> None:
    model, body = MODELS[what]
    place = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    right, wrong = figures
    for value in right:
        model.model_validate_json(wire(replaced(body, place, value)))
    for value in wrong:
        with pytest.raises(ValidationError):
            model.model_validate_json(wire(replaced(body, place, value)))


@pytest.mark.parametrize(
    ("path", "right", "wrong", "default"),
    [
        (
            ("viewers", "band"),
            ("3-9", "100-299", "5000+"),
            ("YOU ARE FIRED", "30-", "3-9\n", "\u0663-\u0669", "+", 30, "1" * 10 + "+"),
            None,
        ),
        (("likes", "rate"), (0, 4980.5), (-1, float("nan"), float("inf"), "fast", None), 0),
        (
            ("likes", "by_source"),
            ({"page": 1}, {"webhook:till": 2**53 - 1}),
            ({"page\n": 1}, {"page": -1}, {"page": 2**53}, [], {f"s{n}": 1 for n in range(101)}),
            {},
        ),
        (
            ("desired", "catalogue"),
            (64 * "0", 64 * "f", None),
            ("etag", 63 * "0", 65 * "0", 64 * "F", 64 * "0" + "\n", 7, ["0"]),
            None,
        ),
    ],
)
def test_an_optional_key_that_is_wrong_is_dropped_and_the_rest_is_taken(
    path: tuple[str, str], right: tuple[Any, ...], wrong: tuple[Any, ...], default: object
) -> None:
    for value, read in (*((value, value) for value in right), *((v, default) for v in wrong)):
        events = Events.model_validate_json(wire(replaced(EVENTS, path, value)))
        assert getattr(getattr(events, path[0]), path[1]) == read
        assert events.likes.total == 5


@pytest.mark.parametrize(
    "wrong", [None, [], {"wait": 31}, {"wait": -1}, {"not_before_ms": 3600001}]
)
def test_a_wrong_next_is_dropped(wrong: object) -> None:
    events = Events.model_validate_json(wire({**EVENTS, "next": wrong}))
    assert (events.next.wait, events.next.not_before_ms) == (25, 0)


@pytest.mark.parametrize("week", [{"friday": "x" * 201}, {"frightday": "11:00-14:00"}, 7, None])
def test_a_schedule_that_is_no_week_closes(week: object) -> None:
    desired = {"version": 1, "schedule": week}
    reply = StatusReply.model_validate_json(wire({**REPLY, "desired": desired}))
    assert reply.desired.schedule is None


def test_a_device_whose_own_clock_is_years_wrong_sends_the_nearest_time_of_the_contract() -> None:
    early = CameraReport(state=State.IDLE, since=datetime(1970, 1, 1, tzinfo=UTC))
    late = Thanks(id="t1", at=datetime(9999, 12, 31, tzinfo=UTC))
    assert early.since == datetime(2000, 1, 1, tzinfo=UTC)
    assert late.at == datetime(2100, 1, 1, tzinfo=UTC)
    again = CameraReport.model_validate_json(early.model_dump_json())
    assert again == early
