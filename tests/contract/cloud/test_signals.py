"""Signals: what the fleet's records say, kept once by two processes, on each store."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from likelight.contract import Status
from likelight_cloud.signals.rules import Changes, changes
from likelight_cloud.store.base import Details, Store
from likelight_cloud.store.signals import Signal, SignalKey, SignalKind
from support.cloud import NOON, status
from support.cloud_stores import Factory, opened

LAMP, PICTURES, OFFLINE = SignalKind.LAMP, SignalKind.PICTURES, SignalKind.OFFLINE
SPIKE, QUIET = SignalKind.SPIKE, SignalKind.QUIET


class Fleet:
    """A store, and the devices that report to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.at = NOON
        self.served_since = NOON - timedelta(days=30)
        self._n = 0

    def step(self, **delta: float) -> None:
        self.at += timedelta(**delta)

    async def report(
        self, *kids: str, lit: int = 0, state: str = "live", notes_wait: bool = False
    ) -> None:
        """Have the devices report; all lamps have lit `lit` likes."""
        self._n += 1
        camera = {"state": state, "since": NOON, "cause": "demand"}
        for kid in kids:
            record = await self.store.kitchen(kid)
            assert record is not None
            light = {"lit_total": lit, "last_lit_at": None, "epoch": record.epoch}
            told = Status.model_validate(
                status(n=self._n, camera=camera, light=light, notes_wait=notes_wait)
            )
            await self.store.put_status(kid, told, self.at)

    async def reports(self, times: int, *kids: str, **said: Any) -> None:
        """Have the devices report each 2.5 minutes."""
        for _ in range(times):
            self.step(minutes=2.5)
            await self.report(*kids, **said)

    async def look(self) -> Changes:
        """Look for signals, and keep how they have changed."""
        signals = self.store.signals
        changed = changes(
            await signals.fleet(),
            await signals.open_signals(),
            self.at,
            serving_since=self.served_since,
        )
        await signals.change_signals(changed.begun, changed.ended, self.at)
        return changed

    async def begun(self) -> set[SignalKey]:
        """Return what begins now; nothing ends."""
        changed = await self.look()
        assert not changed.ended
        return {signal.key for signal in changed.begun}

    async def ended(self) -> set[SignalKey]:
        """Return what ends now; nothing begins."""
        changed = await self.look()
        assert not changed.begun
        return set(changed.ended)

    async def shown(self) -> set[SignalKey]:
        """Return what an operator sees."""
        return {one.signal.key for one in await self.store.signals.open_signals() if not one.hidden}


@pytest.fixture
async def fleet(factory: Factory) -> AsyncIterator[Fleet]:
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON)
        yield Fleet(store)


async def test_likes_that_the_lamp_does_not_light_are_a_signal_until_it_does(
    fleet: Fleet,
) -> None:
    await fleet.store.add_likes({"k1": 5}, fleet.at)
    await fleet.reports(4, "k1", lit=2)
    assert await fleet.begun() == set(), "it has lit some: the 10 minutes begin there"
    await fleet.reports(1, "k1", lit=2)
    assert await fleet.begun() == {(LAMP, "k1")}
    await fleet.reports(2, "k1", lit=2)
    assert await fleet.begun() == set(), "it has begun before"
    (one,) = await fleet.store.signals.open_signals()
    assert one.signal.began_at == fleet.at - timedelta(minutes=5)
    assert "probably broken" in one.signal.words
    await fleet.reports(1, "k1", lit=2, notes_wait=True)
    assert await fleet.ended() == set(), "in quiet hours it may be dark"
    await fleet.reports(1, "k1", lit=4)
    assert await fleet.ended() == set()
    await fleet.reports(1, "k1", lit=5)
    assert await fleet.ended() == {(LAMP, "k1")}
    assert await fleet.ended() == set()


async def test_a_lamp_that_lights_late_is_no_signal(fleet: Fleet) -> None:
    for lit in range(8):
        await fleet.store.add_likes({"k1": 2}, fleet.at)
        await fleet.reports(1, "k1", lit=lit)
        assert await fleet.begun() == set()


async def test_a_lamp_that_is_dark_in_quiet_hours_is_no_signal(fleet: Fleet) -> None:
    await fleet.store.add_likes({"k1": 5}, fleet.at)
    await fleet.reports(6, "k1", notes_wait=True)
    await fleet.reports(3, "k1")
    assert await fleet.begun() == set()
    await fleet.reports(1, "k1")
    assert await fleet.begun() == {(LAMP, "k1")}


async def test_a_device_back_from_an_outage_has_time_to_light_what_waits(fleet: Fleet) -> None:
    await fleet.report("k1")
    await fleet.store.add_likes({"k1": 5}, fleet.at)
    await fleet.reports(1, "k1")
    fleet.step(hours=1)
    await fleet.report("k1")
    assert await fleet.begun() == set()
    await fleet.reports(3, "k1")
    assert await fleet.begun() == set()
    await fleet.reports(1, "k1")
    assert await fleet.begun() == {(LAMP, "k1")}


@pytest.mark.parametrize("state", ["private", "closed", "off"])
async def test_off_air_on_purpose_is_no_signal_begins_none_and_ends_none(
    fleet: Fleet, state: str
) -> None:
    await fleet.store.add_likes({"k1": 5}, fleet.at)
    await fleet.store.signals.note_pictures("k1", fleet.at)
    for _ in range(4):
        await fleet.reports(2, "k1", state=state)
        fleet.step(days=2)
        assert await fleet.begun() == set()
    await fleet.report("k1")
    assert await fleet.begun() == {(PICTURES, "k1"), (QUIET, "k1")}
    await fleet.reports(4, "k1")
    assert await fleet.begun() == {(LAMP, "k1")}
    before = await fleet.shown()
    # A press of PRIVACY sends nothing: not now, and not when it ends.
    await fleet.reports(1, "k1", state=state)
    assert await fleet.look() == Changes((), ())
    assert await fleet.shown() == set()
    await fleet.reports(1, "k1")
    assert await fleet.look() == Changes((), ())
    assert await fleet.shown() == before
    # What was mended meanwhile is told once it is on air again.
    await fleet.reports(1, "k1", state=state, lit=5)
    assert await fleet.look() == Changes((), ())
    await fleet.reports(1, "k1", lit=5)
    assert await fleet.ended() == {(LAMP, "k1")}


async def test_pictures_are_missing_until_one_comes(fleet: Fleet) -> None:
    await fleet.report("k1")
    await fleet.store.signals.note_pictures("k1", fleet.at)
    assert await fleet.begun() == set()
    fleet.step(minutes=1)
    assert await fleet.begun() == {(PICTURES, "k1")}
    fleet.step(minutes=10)
    assert await fleet.ended() == set(), "nothing is heard of it, so nothing is known"
    await fleet.report("k1")
    assert await fleet.ended() == set()
    await fleet.store.signals.note_pictures("k1", None)
    assert await fleet.ended() == {(PICTURES, "k1")}


async def test_many_kitchens_silent_at_once_are_the_cloud_s_own_fault(fleet: Fleet) -> None:
    kids = [f"s{n}" for n in range(12)]
    for kid in kids:
        await fleet.store.add_kitchen(kid, kid, NOON)
    await fleet.report(*kids)
    # Two fall silent; those that are off air on purpose are heard of.
    for _ in range(2):
        await fleet.reports(1, *kids[7:])
        await fleet.report(*kids[2:7], state="closed")
    assert await fleet.begun() == set()
    await fleet.reports(1, *kids[7:])
    await fleet.report(*kids[3:7], state="private")
    fleet.step(minutes=0.5)
    assert await fleet.begun() == {(OFFLINE, None)}, "a third, within 5 minutes of the first"
    (one,) = await fleet.store.signals.open_signals()
    assert "3 kitchens of 12" in one.signal.words
    await fleet.report(*kids)
    assert await fleet.ended() == {(OFFLINE, None)}


async def test_a_cloud_that_was_down_waits_for_its_devices_first(fleet: Fleet) -> None:
    kids = [f"s{n}" for n in range(5)]
    for kid in kids:
        await fleet.store.add_kitchen(kid, kid, NOON)
    await fleet.report(*kids)
    fleet.step(hours=1)
    fleet.served_since = fleet.at
    fleet.step(minutes=2)
    assert await fleet.begun() == set()
    fleet.step(minutes=1)
    assert await fleet.begun() == {(OFFLINE, None)}
    fleet.step(days=1)
    assert await fleet.ended() == {(OFFLINE, None)}, "by now everybody knows"


async def test_a_spike_is_three_times_the_best_day_of_the_week_before(fleet: Fleet) -> None:
    auckland = Details(timezone="Pacific/Auckland")
    await fleet.store.put_details("k1", auckland)
    await fleet.report("k1")
    await fleet.store.add_likes({"k1": 400}, fleet.at)
    assert await fleet.begun() == set(), "there is no week before"
    fleet.step(hours=23)  # there it is midnight
    await fleet.report("k1", lit=400)
    await fleet.store.add_likes({"k1": 1199}, fleet.at)
    assert await fleet.begun() == set()
    await fleet.store.add_likes({"k1": 1}, fleet.at)
    assert await fleet.begun() == {(SPIKE, "k1")}
    fleet.step(days=1)
    await fleet.report("k1", lit=1600)
    assert await fleet.ended() == {(SPIKE, "k1")}


async def test_a_week_without_like_and_note_is_a_signal(fleet: Fleet) -> None:
    await fleet.report("k1")
    fleet.step(days=6, hours=23)
    await fleet.report("k1")
    assert await fleet.begun() == set()
    await fleet.store.add_note(
        "k1", id="n", code="heroes", key="n", at=fleet.at, expires_at=fleet.at
    )
    fleet.step(days=6, hours=23)
    await fleet.report("k1")
    assert await fleet.begun() == set()
    fleet.step(hours=1)
    await fleet.report("k1")
    assert await fleet.begun() == {(QUIET, "k1")}
    await fleet.store.add_likes({"k1": 1}, fleet.at)
    assert await fleet.ended() == {(QUIET, "k1")}
    fleet.step(days=7)
    await fleet.report("k1", lit=1)
    assert await fleet.begun() == set()
    fleet.step(days=1)
    await fleet.report("k1", lit=1)
    assert await fleet.begun() == {(QUIET, "k1")}


async def test_the_signals_of_a_removed_kitchen_end(fleet: Fleet) -> None:
    await fleet.report("k1")
    await fleet.store.signals.note_pictures("k1", NOON - timedelta(hours=1))
    assert await fleet.begun() == {(PICTURES, "k1")}
    await fleet.store.remove_kitchen("k1")
    assert await fleet.ended() == {(PICTURES, "k1")}
    assert await fleet.store.signals.fleet() == ()


async def test_one_process_looks_until_it_is_gone_for_a_minute(fleet: Fleet) -> None:
    signals, at = fleet.store.signals, NOON
    assert await signals.looked_at() is None

    async def look(process: str, seconds: float) -> bool:
        return await signals.begin_look(process, at + timedelta(seconds=seconds))

    assert await look("a", 0)
    assert not await look("b", 1)
    assert await look("a", 50)
    assert not await look("b", 109)
    assert await signals.looked_at() == at + timedelta(seconds=50)
    assert await look("b", 110)
    assert not await look("a", 111)
    assert await look("a", -3600), "the clock was set back"


def _signal(at: datetime) -> Signal:
    return Signal(LAMP, "k1", at, "It is dark.")


async def test_a_change_is_kept_once_and_told_to_each_webhook_that_is_on(fleet: Fleet) -> None:
    signals = fleet.store.signals
    one = await signals.add_webhook("https://one.example/", NOON)
    other = await signals.add_webhook("https://other.example/", NOON)
    assert one
    assert other
    assert await signals.add_webhook("https://one.example/", NOON) is None
    for at in (NOON, NOON + timedelta(minutes=1)):
        await signals.change_signals([_signal(at)], [(QUIET, "k1")], at)
    (held,) = await signals.open_signals()
    assert held.signal == _signal(NOON)
    assert not await signals.has_due(NOON - timedelta(seconds=1))
    assert await signals.has_due(NOON)
    first, second = await signals.claim_deliveries(NOON, 10)
    assert {first.webhook, second.webhook} == {one.id, other.id}
    assert (first.message, first.body, first.tries) == (second.message, second.body, 1)
    assert "It is dark." in first.body
    assert not await signals.claim_deliveries(NOON + timedelta(seconds=59), 10)
    await signals.delivered(first)
    # Whoever had the other one is gone.
    (again,) = await signals.claim_deliveries(NOON + timedelta(minutes=1), 10)
    assert (again.message, again.webhook, again.tries) == (second.message, second.webhook, 2)
    assert {webhook.waiting for webhook in await signals.webhooks()} == {0, 1}
    assert await signals.remove_webhook(second.webhook, NOON)
    assert not await signals.remove_webhook(second.webhook, NOON)
    assert not await signals.has_due(NOON + timedelta(days=1))
    await signals.change_signals([], [(LAMP, "k1")], NOON + timedelta(hours=1))
    await signals.change_signals([], [(LAMP, "k1")], NOON + timedelta(hours=2))
    (ended,) = await signals.claim_deliveries(NOON + timedelta(hours=2), 10)
    assert '"type": "signal.ended"' in ended.body
    assert '"timestamp": "2026-11-21T13:00:00.000Z"' in ended.body
    assert not await signals.open_signals()


async def test_eight_tries_fail_and_a_day_of_them_switches_the_webhook_off(fleet: Fleet) -> None:
    signals, at = fleet.store.signals, NOON
    hook = await signals.add_webhook("https://one.example/", NOON)
    assert hook
    await signals.change_signals([_signal(at)], [], at)
    for hours in (0, 1, 2, 3, 4, 5, 23.9):
        at = NOON + timedelta(hours=hours)
        (delivery,) = await signals.claim_deliveries(at, 1)
        assert not await signals.failed(delivery, "it answered 500", at, at, gone=False)
    (listed,) = await signals.webhooks()
    assert (listed.failing_since, listed.off_because, listed.waiting) == (NOON, None, 1)
    at = NOON + timedelta(hours=24)
    (delivery,) = await signals.claim_deliveries(at, 1)
    assert delivery.tries == 8
    await signals.change_signals([], [(LAMP, "k1")], at)
    assert await signals.failed(delivery, "it answered 500", at, at, gone=False)
    (listed,) = await signals.webhooks()
    assert listed.off_because == "it has taken no message for a day; the last time it answered 500"
    assert listed.waiting == 0
    await signals.change_signals([_signal(at)], [], at)
    assert not await signals.has_due(at)
    assert not await signals.failed(delivery, "it answered 500", at, at, gone=True)
    assert await signals.switch_webhook_on(hook.id, at)
    (listed,) = await signals.webhooks()
    assert (listed.off_because, listed.failing_since) == (None, None)
    await signals.change_signals([], [(LAMP, "k1")], at)
    (delivery,) = await signals.claim_deliveries(at, 1)
    assert await signals.failed(delivery, "it answered 410", at, at, gone=True)
    assert (await signals.webhooks())[0].off_because == "it answered 410 (gone)"
    assert await signals.remove_webhook(hook.id, at)
    rows = [row for row in await fleet.store.audit_from(1, 20) if row.about == hook.id]
    assert [(row.who, row.action, row.detail, row.at) for row in rows] == [
        ("command line", "webhook added", "one.example", NOON),
        ("the cloud itself", "webhook switched off", "", at),
        ("command line", "webhook switched on", "", at),
        ("the cloud itself", "webhook switched off", "", at),
        ("command line", "webhook removed", "", at),
    ]


async def test_the_eighth_try_is_the_last_and_old_messages_are_given_up(fleet: Fleet) -> None:
    signals = fleet.store.signals
    assert await signals.add_webhook("https://one.example/", NOON)
    await signals.change_signals([_signal(NOON)], [], NOON)
    for _ in range(8):
        (delivery,) = await signals.claim_deliveries(NOON, 1)
        assert not await signals.failed(delivery, "it answered 500", NOON, NOON, gone=False)
    assert not await signals.has_due(NOON)
    await signals.change_signals([], [(LAMP, "k1")], NOON)
    # A copy of the database that was put back.
    assert not await signals.claim_deliveries(NOON + timedelta(hours=30), 1)
    assert (await signals.webhooks())[0].waiting == 0
