"""What `/healthz` says of a device, and what it never says."""

from dataclasses import replace
from pathlib import Path

import pytest

from likelight.appreciation.buttons.watched import ButtonTrouble
from likelight.appreciation.sync.connection import CloudConnection
from likelight.daemon.health import DISPLAY, LAMP, POLL, WINDOW_IN, DeviceHealth
from likelight.gate.consent import ConsentStatus
from likelight.gate.consent_watch import ConsentHealth
from likelight.runtime.supervisor import ComponentHealth, Condition
from likelight.runtime.troubles import Trouble, Troubles

METRICS = Path(__file__).parents[3] / "firmware/METRICS.md"

WELL = DeviceHealth(
    kitchen="store-1",
    troubles=(),
    components={
        WINDOW_IN: ComponentHealth(Condition.RUNNING, critical=True),
        POLL: ComponentHealth(Condition.RUNNING),
        "push": ComponentHealth(Condition.RUNNING),
    },
    cloud=CloudConnection.CONNECTED,
    camera="running",
    camera_reason=None,
    camera_code=None,
    camera_restarts=0,
    waiting_for=(),
    buttons={"THANKS": None, "PRIVACY": None},
)
DOWN = ComponentHealth(Condition.RESTARTING, critical=True, restarts=1, reason="it crashed")


def test_a_well_device_gives_no_reason() -> None:
    assert (WELL.well, WELL.ready, WELL.reasons) == (True, True, ())


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"troubles": (Trouble.NOT_PAIRED,)}, ("not-paired",)),
        ({"troubles": (Trouble.NOT_PAIRED,), "cloud": CloudConnection.OFFLINE}, ("not-paired",)),
        ({"hardware": {LAMP: "no chip", "on-air light": "dark"}}, ("lamp", "on-air-light")),
        (
            {"buttons": {"THANKS": ButtonTrouble.STUCK, "PRIVACY": ButtonTrouble.UNREADABLE}},
            ("thanks-button", "privacy-button"),
        ),
        ({"camera_code": "K1", "camera": "failed"}, ("camera",)),
        ({"cloud": CloudConnection.OFFLINE}, ("cloud-offline",)),
        ({"cloud": CloudConnection.REFUSED}, ("cloud-refused",)),
        ({"cloud": CloudConnection.SUPERSEDED}, ("cloud-superseded",)),
        ({"cloud": CloudConnection.STARTING}, ()),
        ({"cloud": CloudConnection.OFFLINE, "offline": True}, ("cloud-offline",)),
        (
            {"cloud": CloudConnection.REFUSED, "offline": True},
            ("cloud-offline", "cloud-refused"),
        ),
        (
            {"cloud": CloudConnection.SUPERSEDED, "offline": True},
            ("cloud-offline", "cloud-superseded"),
        ),
        ({"consent": ConsentHealth(ConsentStatus.VALID)}, ()),
        ({"consent": ConsentHealth(ConsentStatus.VALID, review_due=True)}, ("consent",)),
        ({"consent": ConsentHealth(ConsentStatus.MISSING)}, ("consent",)),
        ({"consent": ConsentHealth(ConsentStatus.NO_CLOCK)}, ("clock",)),
        ({"components": {WINDOW_IN: DOWN}}, ("window-in",)),
    ],
)
def test_each_fault_has_its_id(change: dict[str, object], reasons: tuple[str, ...]) -> None:
    assert replace(WELL, **change).reasons == reasons  # type: ignore[arg-type]


def test_a_critical_part_that_is_down_makes_the_device_down() -> None:
    assert not replace(WELL, components={WINDOW_IN: DOWN}).well
    push = {**WELL.components, "push": replace(DOWN, critical=False)}
    assert replace(WELL, components=push).well


@pytest.mark.parametrize(
    ("change", "ready"),
    [
        ({"hardware": {LAMP: "x"}}, True),
        ({"hardware": {DISPLAY: "x"}}, True),
        ({"hardware": {LAMP: "x", DISPLAY: "x"}}, False),
        ({"components": {WINDOW_IN: DOWN}}, False),
        ({"components": {**WELL.components, POLL: DOWN}}, False),
        ({"components": {}}, False),
        ({"troubles": (Trouble.NOT_PAIRED,)}, False),
        ({"troubles": (Trouble.DISK_FULL,)}, True),
        ({"cloud": CloudConnection.OFFLINE}, True),
        ({"waiting_for": ("cloud",)}, False),
        ({"waiting_for": ("camera",)}, True),
    ],
)
def test_ready_means_that_what_comes_can_be_seen(change: dict[str, object], ready: bool) -> None:
    assert replace(WELL, **change).ready is ready  # type: ignore[arg-type]


def test_every_trouble_is_documented() -> None:
    told = METRICS.read_text(encoding="utf-8")
    assert [trouble for trouble in Trouble if f"| `{trouble}` |" not in told] == []


def test_troubles_come_in_the_order_of_their_urgency_and_are_told_once() -> None:
    told: list[tuple[Trouble, ...]] = []
    troubles = Troubles(lambda: told.append(troubles.present))
    troubles.set(Trouble.STORE_DAMAGED, True)
    troubles.set(Trouble.NOT_PAIRED, True)
    troubles.set(Trouble.NOT_PAIRED, True)
    troubles.set(Trouble.DISK_FULL, False)
    troubles.set(Trouble.NOT_PAIRED, False)
    assert told == [
        (Trouble.STORE_DAMAGED,),
        (Trouble.NOT_PAIRED, Trouble.STORE_DAMAGED),
        (Trouble.STORE_DAMAGED,),
    ]


def test_a_status_tells_what_is_not_well_the_worst_first() -> None:
    due = ConsentHealth(ConsentStatus.VALID, review_due=True)
    found = replace(WELL, troubles=(Trouble.LANGUAGE,), hardware={LAMP: "dark"}, consent=due)
    assert [(one.id, one.level) for one in found.findings] == [
        ("lamp", "fail"),
        ("language", "warn"),
        ("consent", "warn"),
    ]
    missing = replace(WELL, consent=ConsentHealth(ConsentStatus.MISSING))
    assert [(one.id, one.level) for one in missing.findings] == [("consent", "fail")]
    many = {f"part {n}": DOWN for n in range(60)}
    assert len(replace(WELL, components=many).findings) == 40
