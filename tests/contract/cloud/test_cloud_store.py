"""What every store must hold; support/cloud_stores.py names the stores."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from likelight.contract import (
    DeviceFinding,
    Health,
    NoteState,
    Status,
    Thanks,
    Week,
    WeekHours,
)
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import Details, KeyReusedError, NoKitchenError, Store, Use
from likelight_cloud.store.enrolment import CodeRefusal, Enrolled
from likelight_cloud.store.ingest import LikesSent, SourceEvent
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.store.pairing import NewPairing, Pairing, WrongCode
from likelight_cloud.store.records import KitchenRecord, NoteRecord
from likelight_cloud.store.rotation import Rotation, RotationStep
from support.cloud import NOON, status
from support.cloud_stores import Factory, Rows, opened
from support.ingest import signed_source
from support.waiting import WITHIN_S

BERLIN = Details(
    timezone="Europe/Berlin", country="DE", language="de", board="pi-5", kit="reference"
)
PARIS = Details(timezone="Europe/Paris")


@pytest.fixture
async def store(factory: Factory) -> AsyncIterator[Store]:
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON)
        yield store


async def add(
    store: Store, key: str, *, kid: str = "k1", code: str = "heroes", at: datetime = NOON
) -> NoteRecord:
    return await store.add_note(
        kid, id=f"{kid}-{key}", code=code, key=key, at=at, expires_at=at + timedelta(hours=12)
    )


async def record(store: Store, kid: str = "k1") -> KitchenRecord:
    found = await store.kitchen(kid)
    assert found is not None
    return found


async def test_everything_is_there_after_opening_again(factory: Factory) -> None:
    async with opened(factory) as store:
        secret = await store.secret()
        await store.add_kitchen("k1", "One", NOON)
        await store.add_token("k1", b"hash", NOON)
        await store.add_likes({"k1": 5}, NOON)
        note = await add(store, "a")
        await store.put_status("k1", Status.model_validate(status()), NOON)
        before = await record(store)
    async with opened(factory) as store:
        assert await store.secret() == secret
        assert len(secret) == 32
        assert await record(store) == before
        assert before.likes_total == 5
        assert await store.token_hashes("k1") == (b"hash",)
        assert await store.note(note.id) == note
        assert await store.note_by_key("k1", "a") == note


async def test_a_closed_store_says_so(factory: Factory) -> None:
    store = factory()
    with pytest.raises(StoreError):
        await store.kitchen("k1")
    await store.close()


async def test_a_kitchen_is_added_once(store: Store) -> None:
    assert not await store.add_kitchen("k1", "Another name", NOON)
    assert (await record(store)).name == "One"
    assert await store.kitchen("k2") is None
    assert [found.kid for found in await store.kitchens()] == ["k1"]


async def test_a_write_to_a_kitchen_that_does_not_exist_keeps_nothing(store: Store) -> None:
    assert await store.add_likes({"k2": 1}, NOON) == {}
    for write in (
        add(store, "a", kid="k2"),
        store.acknowledge("k2", 1, NOON),
        store.put_status("k2", Status.model_validate(status()), NOON),
        store.add_token("k2", b"token", NOON),
        store.revoke_tokens("k2", b"token"),
        store.ask_rotation("k2", NOON),
        store.take_token("k2", b"token", b"new", NOON),
        store.end_other_tokens("k2", b"token", NOON),
        store.put_code("k2", b"code", NOON),
        store.rename_kitchen("k2", "Two"),
        store.put_details("k2", BERLIN),
        store.remove_kitchen("k2"),
        store.change_desired("k2", lambda desired: desired),
    ):
        with pytest.raises(NoKitchenError):
            await write


async def test_a_renamed_kitchen_keeps_all_the_rest(store: Store) -> None:
    await store.add_likes({"k1": 3}, NOON)
    before = await record(store)
    await store.rename_kitchen("k1", "Uno")
    after = await record(store)
    assert after == replace(before, name="Uno", revision=after.revision)
    assert after.revision > before.revision


async def test_what_a_list_says_is_kept_and_changed_with_nothing_else(factory: Factory) -> None:
    friday: Week = {"friday": "11:00-23:00"}
    async with opened(factory) as store:
        assert await store.add_kitchen("k1", "One", NOON, BERLIN, friday)
        before = await record(store)
        assert (before.details, before.desired.schedule, before.desired.version) == (
            BERLIN,
            friday,
            1,
        )
        assert not await store.add_kitchen("k1", "One", NOON, PARIS)
        await store.put_details("k1", PARIS)
    async with opened(factory) as store:
        after = await record(store)
        assert after == replace(
            before, details=PARIS, zone=ZoneInfo("Europe/Paris"), revision=after.revision
        )
        assert after.revision > before.revision


async def test_the_list_tells_zone_and_hours_until_the_device_does(store: Store) -> None:
    friday: Week = {"friday": "11:00-23:00"}
    kiritimati = Details(timezone="Pacific/Kiritimati")
    await store.add_kitchen("k2", "Two", NOON, kiritimati, friday)
    await store.add_likes({"k2": 2}, NOON)
    listed = await record(store, "k2")
    # There it is 2 h past midnight at noon, UTC.
    assert listed.likes_by_day == {date(2026, 11, 22): 2}
    assert listed.hours == WeekHours(zone="Pacific/Kiritimati", week=friday)
    await store.put_status("k2", Status.model_validate(status()), NOON)
    assert (await record(store, "k2")).hours is None
    hours = WeekHours(zone="Europe/Berlin", week={"sunday": "10:00-12:00"})
    await store.put_status("k2", Status.model_validate(status(n=2, hours=hours)), NOON)
    await store.add_likes({"k2": 1}, NOON)
    told = await record(store, "k2")
    assert (told.hours, told.zone) == (hours, ZoneInfo("Europe/Berlin"))
    assert told.likes_by_day == {date(2026, 11, 22): 2, date(2026, 11, 21): 1}
    assert (await record(store)).hours is None


async def test_of_a_removed_kitchen_nothing_is_left(store: Store, rows: Rows) -> None:
    await store.add_kitchen("k2", "Two", NOON)
    await store.ingest.add(signed_source())
    for kid in ("k1", "k2"):
        sent = SourceEvent("till", kid.encode(), b"", NOON, kid, LikesSent(3, running=False))
        await store.ingest.take(sent, NOON)
        await store.add_token(kid, b"token", NOON)
        await store.put_code(kid, kid.encode(), NOON)
        await store.add_likes({kid: 3}, NOON)
        await add(store, "a", kid=kid)
        await store.put_status(kid, Status.model_validate(status()), NOON)
    before = await rows("k2")
    assert len(before) >= 6
    assert (await rows("k1")).keys() == before.keys()
    await store.remove_kitchen("k1")
    assert await rows("k1") == {}
    assert await rows("k2") == before
    assert [found.kid for found in await store.kitchens()] == ["k2"]
    assert await store.add_kitchen("k1", "Another", NOON)
    assert (await record(store)).likes_total == 0


async def test_wishes_change_under_their_next_version(store: Store) -> None:
    before = await record(store)
    closed = {"friday": "11:00-14:00"}
    await store.change_desired("k1", lambda held: held.model_copy(update={"schedule": closed}))
    await store.change_desired("k1", lambda held: held.model_copy(update={"mode": "off"}))
    after = (await record(store)).desired
    assert after.version == before.desired.version + 2
    assert (after.schedule, after.mode) == (closed, "off")


async def test_the_oldest_and_the_newest_token_are_valid(store: Store) -> None:
    for token in (b"a", b"b", b"b", b"c"):
        await store.add_token("k1", token, NOON)
    assert await store.token_hashes("k1") == (b"a", b"c")
    await store.end_other_tokens("k1", b"c", NOON)
    assert await store.token_hashes("k1") == (b"c",)
    assert await store.token_hashes("k2") == ()


async def test_a_new_token_is_taken_once_for_each_time_that_it_is_asked(store: Store) -> None:
    async def desired() -> tuple[int, bool]:
        wished = (await record(store)).desired
        return wished.version, wished.rotate

    later = NOON + timedelta(hours=1)
    await store.add_token("k1", b"a", NOON)
    assert (await record(store)).rotation is None
    version, _ = await desired()
    assert not await store.take_token("k1", b"a", b"b", NOON), "nobody has asked"
    assert await store.ask_rotation("k1", NOON)
    assert not await store.ask_rotation("k1", later)
    assert await desired() == (version + 1, True)
    assert (await record(store)).rotation == Rotation(RotationStep.ASKED, NOON)
    assert not await store.take_token("k1", b"x", b"b", NOON), "under no valid token"
    for at in (NOON, later):
        assert await store.take_token("k1", b"a", b"b", at)
    assert await desired() == (version + 2, False)
    assert (await record(store)).rotation == Rotation(RotationStep.HALF_WAY, NOON)
    assert not await store.take_token("k1", b"a", b"c", NOON), "another one came first"
    assert await store.token_hashes("k1") == (b"a", b"b")
    await store.end_other_tokens("k1", b"b", later)
    assert (await record(store)).rotation == Rotation(RotationStep.DONE, later)
    assert await desired() == (version + 2, False)


async def test_a_token_that_a_person_brings_ends_the_question(store: Store) -> None:
    await store.put_code("k1", b"code", NOON + timedelta(days=90))
    await store.add_token("k1", b"a", NOON)
    for way in (
        store.add_token("k1", b"b", NOON),
        store.redeem(b"code", b"c", NOON),
        store.revoke_tokens("k1", b"d"),
    ):
        await store.ask_rotation("k1", NOON)
        await way
        after = await record(store)
        assert not after.desired.rotate
        assert after.rotation in (Rotation(RotationStep.HALF_WAY, NOON), None)
    assert (await record(store)).rotation is None
    await store.ask_rotation("k1", NOON)
    await store.add_token("k1", b"d", NOON)
    assert (await record(store)).desired.rotate, "it has that one already"
    await store.change_desired("k1", lambda held: held.model_copy(update={"mode": "off"}))
    assert (await record(store)).desired.rotate


async def test_asked_again_half_way_the_device_keeps_the_token_that_it_comes_with(
    store: Store,
) -> None:
    await store.add_token("k1", b"a", NOON)
    await store.ask_rotation("k1", NOON)
    await store.take_token("k1", b"a", b"b", NOON)
    await store.ask_rotation("k1", NOON)
    assert await store.take_token("k1", b"b", b"c", NOON)
    assert await store.token_hashes("k1") == (b"b", b"c")
    await store.ask_rotation("k1", NOON)
    await store.end_other_tokens("k1", b"c", NOON)
    after = await record(store)
    assert (after.rotation, after.desired.rotate) == (Rotation(RotationStep.ASKED, NOON), True)


async def test_of_two_answers_at_once_one_is_taken(factory: Factory, store: Store) -> None:
    await store.add_token("k1", b"a", NOON)
    await store.ask_rotation("k1", NOON)
    async with opened(factory) as other:
        both = await asyncio.gather(
            store.take_token("k1", b"a", b"b", NOON), other.take_token("k1", b"a", b"c", NOON)
        )
    assert sorted(both) == [False, True]
    assert len(await store.token_hashes("k1")) == 2


async def test_a_code_is_good_for_one_token_which_may_ask_again(store: Store) -> None:
    end = NOON + timedelta(days=90)
    assert await store.redeem(b"code", b"a", NOON) is CodeRefusal.UNKNOWN
    await store.put_code("k1", b"code", end)
    assert await store.has_open_code("k1", NOON)
    assert await store.redeem(b"code", b"a", end) is CodeRefusal.EXPIRED
    assert await store.token_hashes("k1") == ()
    last = end - timedelta(milliseconds=1)
    assert await store.redeem(b"code", b"a", last) == Enrolled("k1", "One")
    assert not await store.has_open_code("k1", NOON)
    await store.rename_kitchen("k1", "Uno")
    assert await store.redeem(b"code", b"a", end) == Enrolled("k1", "Uno")
    assert await store.redeem(b"code", b"b", NOON) is CodeRefusal.USED
    assert await store.token_hashes("k1") == (b"a",)


async def test_a_repeated_code_brings_no_revoked_token_back(store: Store) -> None:
    await store.put_code("k1", b"code", NOON + timedelta(days=90))
    await store.redeem(b"code", b"a", NOON)
    await store.revoke_tokens("k1", b"new")
    assert await store.redeem(b"code", b"a", NOON) == Enrolled("k1", "One")
    assert await store.token_hashes("k1") == (b"new",)


async def test_a_new_code_ends_the_one_before(store: Store) -> None:
    await store.add_kitchen("k2", "Two", NOON)
    for code in (b"older", b"newer"):
        await store.put_code("k1", code, NOON + timedelta(days=90))
    await store.put_code("k2", b"other", NOON)
    assert not await store.has_open_code("k2", NOON)
    assert await store.redeem(b"older", b"a", NOON) is CodeRefusal.UNKNOWN
    assert await store.redeem(b"newer", b"a", NOON) == Enrolled("k1", "One")
    await store.put_code("k1", b"newest", NOON + timedelta(days=90))
    assert await store.redeem(b"newer", b"a", NOON) is CodeRefusal.UNKNOWN
    assert await store.redeem(b"newest", b"b", NOON) == Enrolled("k1", "One")
    # As in a rotation: the device before goes on until the new one has come twice.
    assert await store.token_hashes("k1") == (b"a", b"b")


async def test_of_two_devices_that_come_at_once_with_one_code_one_enrols(
    factory: Factory, store: Store
) -> None:
    await store.put_code("k1", b"code", NOON + timedelta(days=90))
    async with opened(factory) as other:
        both = await asyncio.gather(
            store.redeem(b"code", b"a", NOON), other.redeem(b"code", b"b", NOON)
        )
    assert sorted(map(str, both)) == sorted([str(Enrolled("k1", "One")), str(CodeRefusal.USED)])
    assert len(await store.token_hashes("k1")) == 1


def asking(device: str, *, token: bytes = b"own", place: str = "203.0.113.0/24") -> NewPairing:
    """Return a device whose codes are named after it."""
    return NewPairing(
        f"{device}-device".encode(), f"{device}-user".encode(), token, "10a0", "1.4.0", place
    )


async def decide(
    store: Store, code: str, kid: str | None = "k1", at: datetime = NOON, by: bytes = b"op"
) -> Pairing | WrongCode:
    return await store.decide_pairing(by, f"{code}-user".encode(), kid, at)


async def pairing(store: Store, device: str) -> Pairing:
    found = await store.pairing(f"{device}-device".encode())
    assert found is not None
    return found


async def test_a_pairing_that_is_confirmed_makes_the_device_s_token_valid(store: Store) -> None:
    await store.add_token("k1", b"before", NOON)
    assert await store.begin_pairing(asking("a"), NOON)
    end = NOON + timedelta(minutes=15)
    waits = Pairing("10a0", "1.4.0", "203.0.113.0/24", NOON, end, False, None, None)
    assert await store.pending_pairings(NOON) == (waits,)
    assert await pairing(store, "a") == waits
    at = NOON + timedelta(minutes=14)
    confirmed = replace(waits, expires_at=at + timedelta(minutes=15), kid="k1", name="One")
    assert await decide(store, "a", at=at) == confirmed
    # The command was typed again, as itself and as others.
    for kid in ("k1", "k2", None):
        assert await decide(store, "a", kid, at) == confirmed
    assert await pairing(store, "a") == confirmed
    assert await store.pending_pairings(at) == ()
    assert await store.token_hashes("k1") == (b"before", b"own")


async def test_a_device_that_was_refused_stays_so(store: Store) -> None:
    await store.begin_pairing(asking("a"), NOON)
    await store.begin_pairing(asking("a-again"), NOON)
    refused = await decide(store, "a", None)
    assert isinstance(refused, Pairing)
    assert refused.refused
    assert (await pairing(store, "a-again")).refused
    assert await decide(store, "a") == refused
    assert await store.token_hashes("k1") == ()


async def test_an_unknown_kitchen_gets_no_device(store: Store) -> None:
    await store.begin_pairing(asking("a"), NOON)
    with pytest.raises(NoKitchenError):
        await decide(store, "a", "k2")
    assert (await pairing(store, "a")).kid is None


async def test_a_device_that_lost_its_answer_is_confirmed_when_it_asks_again(store: Store) -> None:
    await store.begin_pairing(asking("a"), NOON)
    await decide(store, "a")
    later = NOON + timedelta(days=3)
    assert await store.begin_pairing(asking("b"), later)
    assert (await pairing(store, "b")).kid == "k1"
    assert await store.pending_pairings(later) == ()
    # Not once its token was revoked.
    await store.revoke_tokens("k1", b"new")
    assert await store.begin_pairing(asking("c"), later)
    assert (await pairing(store, "c")).kid is None


async def test_what_has_ended_is_not_confirmed_and_is_forgotten(store: Store) -> None:
    await store.begin_pairing(asking("a"), NOON)
    end = NOON + timedelta(minutes=15)
    assert await store.pending_pairings(end) == ()
    assert isinstance(await decide(store, "a", at=end), WrongCode)
    assert await store.pairing(b"a-device") is None
    await store.begin_pairing(asking("b"), NOON)
    await store.forget_pairings(end)
    assert await store.pairing(b"b-device") is None


async def test_of_one_token_two_pairings_are_kept(store: Store) -> None:
    for second, device in enumerate("abc"):
        await store.begin_pairing(asking(device), NOON + timedelta(seconds=second))
    assert await store.pairing(b"a-device") is None
    assert len(await store.pending_pairings(NOON)) == 2


async def test_open_pairings_are_capped_and_a_place_has_a_share(store: Store) -> None:
    async def begin(n: int, place: str) -> bool:
        return await store.begin_pairing(asking(f"{n}", token=b"%d" % n, place=place), NOON)

    assert all([await begin(n, "198.51.100.0/24") for n in range(100)])
    assert not await begin(100, "198.51.100.0/24")
    assert all([await begin(n, f"10.0.{n // 100}.0/24") for n in range(100, 1000)])
    assert not await begin(1000, "203.0.113.0/24")
    await decide(store, "0")
    assert await begin(1000, "198.51.100.0/24")


async def test_five_wrong_codes_lock_an_operator_out_for_fifteen_minutes(
    factory: Factory, store: Store
) -> None:
    await store.begin_pairing(asking("a"), NOON)
    lock = NOON + timedelta(minutes=15)
    for left in (4, 3, 2, 1):
        assert await decide(store, "wrong") == WrongCode(left, None)
    # Another process, as each command is.
    async with opened(factory) as other:
        assert await decide(other, "wrong") == WrongCode(0, lock)
    last = lock - timedelta(milliseconds=1)
    assert await decide(store, "a", at=last) == WrongCode(0, lock)
    await store.begin_pairing(asking("b"), last)
    assert isinstance(await decide(store, "b", at=last, by=b"another"), Pairing)
    assert await decide(store, "wrong", at=lock) == WrongCode(4, None)


async def test_a_removed_kitchen_leaves_no_pairing(store: Store, rows: Rows) -> None:
    await store.begin_pairing(asking("a"), NOON)
    await decide(store, "a")
    await store.remove_kitchen("k1")
    assert await rows("k1") == {}
    assert await store.pairing(b"a-device") is None


async def test_likes_of_a_removed_kitchen_keep_no_other_s_from_being_counted(store: Store) -> None:
    await store.add_kitchen("k2", "Two", NOON)
    assert await store.add_likes({"k1": 3, "k2": 1}, NOON) == {"k1": 3, "k2": 1}
    await store.remove_kitchen("k2")
    assert await store.add_likes({"k2": 2, "k1": 3}, NOON) == {"k1": 6}
    assert (await record(store)).likes_total == 6


async def test_likes_are_counted_by_the_day_that_it_is_in_the_kitchen_for_eight_days(
    store: Store,
) -> None:
    assert (await record(store)).likes_by_day == {}
    # In Kiritimati it is 2 h past midnight at noon, UTC.
    hours = {"zone": "Pacific/Kiritimati", "week": {"friday": "11:00-02:00"}}
    await store.add_likes({"k1": 2}, NOON)
    await store.put_status("k1", Status.model_validate(status(hours=hours)), NOON)
    await store.add_likes({"k1": 3}, NOON)
    await store.add_likes({"k1": 4}, NOON + timedelta(hours=21, minutes=59))
    await store.add_likes({"k1": 5}, NOON + timedelta(hours=22))
    days = (await record(store)).likes_by_day
    assert days == {date(2026, 11, 21): 2, date(2026, 11, 22): 7, date(2026, 11, 23): 5}
    await store.add_likes({"k1": 1}, NOON + timedelta(days=7))
    days = (await record(store)).likes_by_day
    assert days == {date(2026, 11, 22): 7, date(2026, 11, 23): 5, date(2026, 11, 29): 1}
    kitchen = await record(store)
    assert kitchen.likes_total == 15
    assert kitchen.report is not None
    assert kitchen.report.hours == WeekHours.model_validate(hours)


async def test_a_state_counts_from_when_it_was_first_heard(store: Store) -> None:
    async def put(n: int, state: str, minute: int) -> datetime:
        camera = {"state": state, "since": "2026-11-21T08:00:00Z"}
        body = Status.model_validate(status(n=n, camera=camera))
        await store.put_status("k1", body, NOON + timedelta(minutes=minute))
        report = (await record(store)).report
        assert report is not None
        return report.since

    assert await put(1, "live", 1) == NOON + timedelta(minutes=1)
    assert await put(2, "live", 2) == NOON + timedelta(minutes=1)
    assert await put(3, "private", 3) == NOON + timedelta(minutes=3)


@pytest.mark.usefixtures("patient")
async def test_sequences_are_gapless_per_kitchen_under_concurrency(store: Store) -> None:
    await store.add_kitchen("k2", "Two", NOON)
    async with asyncio.TaskGroup() as group:
        for n in range(40):
            group.create_task(add(store, f"key-{n}", kid="k1" if n % 2 else "k2"))
    for kid in ("k1", "k2"):
        backlog = await store.notes_after(kid, 0, limit=100, at=NOON)
        assert [note.seq for note in backlog.notes] == list(range(1, 21))


async def test_an_idempotency_key_makes_one_note(store: Store) -> None:
    first = await add(store, "a")
    assert await add(store, "a", at=NOON + timedelta(hours=1)) == first
    with pytest.raises(KeyReusedError):
        await add(store, "a", code="thanks")
    assert (await record(store)).head == 1
    await add(store, "b", at=NOON + timedelta(hours=25))
    assert await store.note_by_key("k1", "a") is None


async def test_an_idempotency_key_holds_in_its_own_kitchen_only(store: Store) -> None:
    await store.add_kitchen("k2", "Two", NOON)
    first = await add(store, "a")
    assert await store.note_by_key("k2", "a") is None
    other = await add(store, "a", kid="k2", code="thanks")
    assert (other.kid, other.id, other.seq, other.code) == ("k2", "k2-a", 1, "thanks")
    assert await store.note_by_key("k1", "a") == first
    assert await store.note_by_key("k2", "a") == other


async def test_a_backlog_skips_and_counts_what_has_expired(store: Store) -> None:
    for n in range(6):
        await add(store, str(n), at=NOON + timedelta(hours=4 * n))
    at = NOON + timedelta(hours=20, seconds=1)  # the first three have expired
    page = await store.notes_after("k1", 1, limit=2, at=at)
    assert [note.seq for note in page.notes] == [4, 5]
    assert (page.seq, page.dropped, page.more) == (5, 2, True)
    rest = await store.notes_after("k1", page.seq, limit=2, at=at)
    assert [note.seq for note in rest.notes] == [6]
    assert (rest.seq, rest.dropped, rest.more) == (6, 0, False)
    gone = await store.notes_after("k1", 0, limit=2, at=at + timedelta(days=1))
    assert (gone.notes, gone.seq, gone.dropped, gone.more) == ((), 6, 6, False)


async def test_what_waits_is_neither_shown_nor_expired(store: Store) -> None:
    notes = [await add(store, str(n), at=NOON + timedelta(hours=4 * n)) for n in range(4)]
    shown = {"id": notes[2].id, "shown_at": "2026-11-21T20:00:05Z"}
    await store.acknowledge("k1", 4, NOON + timedelta(hours=13))
    at = NOON + timedelta(hours=14)
    assert await store.waiting("k1", at) == tuple(note.id for note in notes[1:])
    await store.put_status("k1", Status.model_validate(status(notes=[shown])), at)
    assert await store.waiting("k1", at) == (notes[1].id, notes[3].id)
    assert await store.waiting("k2", at) == ()


async def test_a_note_moves_by_the_devices_word_only(store: Store) -> None:
    note = await add(store, "a")
    assert note.state(NOON) is NoteState.QUEUED
    await store.acknowledge("k1", 1, NOON)
    assert await state_of(store, note) is NoteState.DELIVERED
    shown = {"id": note.id, "shown_at": "2026-11-21T12:00:05Z"}
    await store.put_status("k1", Status.model_validate(status(notes=[shown])), NOON)
    assert await state_of(store, note) is NoteState.SHOWN
    assert (await record(store)).notes_shown == 1
    later = {**shown, "shown_at": "2026-11-21T12:09:00Z", "thanked_at": "2026-11-21T12:10:00Z"}
    await store.put_status("k1", Status.model_validate(status(n=2, notes=[later])), NOON)
    assert await state_of(store, note, at=NOON + timedelta(days=1)) is NoteState.THANKED
    kept = await store.note(note.id)
    assert kept is not None
    assert kept.shown_at == NOON + timedelta(seconds=5)
    assert (await record(store)).notes_shown == 1


async def test_a_note_is_delivered_before_it_is_shown(store: Store) -> None:
    note = await add(store, "a")
    shown_at = NOON + timedelta(seconds=5)
    shown = {"id": note.id, "shown_at": shown_at.isoformat()}
    await store.put_status("k1", Status.model_validate(status(notes=[shown])), shown_at)
    # The poll that acknowledges it comes after the receipt.
    await store.acknowledge("k1", 1, NOON + timedelta(seconds=25))
    kept = await store.note(note.id)
    assert kept is not None
    assert (kept.delivered_at, kept.shown_at) == (shown_at, shown_at)


async def test_a_note_is_kept_for_thirty_days(store: Store) -> None:
    old = await add(store, "a", at=NOON)
    kept = await add(store, "b", at=NOON + timedelta(days=1))
    await add(store, "c", at=NOON + timedelta(days=30))
    assert await store.note(old.id) is not None
    last = await add(store, "d", at=NOON + timedelta(days=30, seconds=1))
    assert await store.note(old.id) is None
    assert await store.note(kept.id) is not None
    backlog = await store.notes_after("k1", 0, limit=9, at=NOON)
    assert (backlog.seq, backlog.dropped, len(backlog.notes)) == (last.seq, 1, 3)


async def test_a_receipt_for_another_kitchens_note_changes_nothing(store: Store) -> None:
    await store.add_kitchen("k2", "Two", NOON)
    note = await add(store, "a", kid="k2")
    receipt = {"id": note.id, "shown_at": "2026-11-21T12:00:05Z"}
    await store.put_status("k1", Status.model_validate(status(notes=[receipt])), NOON)
    assert await state_of(store, note) is NoteState.QUEUED


async def test_an_acknowledgement_never_goes_back(store: Store) -> None:
    await add(store, "a")
    await add(store, "b")
    await store.acknowledge("k1", 2, NOON)
    await store.acknowledge("k1", 1, NOON + timedelta(minutes=1))
    assert (await record(store)).acked == 2


async def test_an_older_status_does_not_replace_a_newer_one(store: Store) -> None:
    await store.add_likes({"k1": 99}, NOON)
    epoch = (await record(store)).epoch

    async def put(boot: str, n: int, lit: int) -> int:
        body = status(boot_id=boot, n=n, light={"epoch": epoch, "lit_total": lit})
        await store.put_status("k1", Status.model_validate(body), NOON)
        report = (await record(store)).report
        assert report is not None
        return report.lit_total

    assert await put("boot-1", 2, 20) == 20
    assert await put("boot-1", 1, 10) == 20
    assert await put("boot-1", 2, 99) == 20
    assert await put("boot-2", 0, 30) == 30
    assert await put("boot-2", 0, 99) == 30
    # Which boot may report is decided by its polls: one that was replaced may come back.
    assert await put("boot-1", 2, 99) == 30
    assert await put("boot-1", 3, 40) == 40


async def test_thanks_are_new_by_their_id_and_whatever_repeats_one_changes_nothing(
    store: Store,
) -> None:
    first = {"id": "t1", "at": "2026-11-21T11:00:00Z"}
    second = {"id": "t2", "at": "2026-11-21T10:00:00Z"}
    for n, said, (id, at) in (
        (1, first, ("t1", NOON - timedelta(hours=1))),
        (2, None, ("t1", NOON - timedelta(hours=1))),
        (3, {**first, "at": "2026-11-21T11:30:00Z"}, ("t1", NOON - timedelta(hours=1))),
        (4, second, ("t2", NOON - timedelta(hours=2))),
        (2, first, ("t2", NOON - timedelta(hours=2))),
    ):
        await store.put_status("k1", Status.model_validate(status(n=n, thanks=said)), NOON)
        assert (await record(store)).thanks == Thanks(id=id, at=at)


async def test_listeners_hear_of_a_commit_whose_asker_has_gone(factory: Factory) -> None:
    heard: asyncio.Queue[KitchenRecord] = asyncio.Queue()
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON)
        store.listen(heard.put_nowait)
        asker = asyncio.ensure_future(add(store, "a"))
        await asyncio.sleep(0)
        asker.cancel()
        record = await asyncio.wait_for(heard.get(), WITHIN_S)
        assert record.head == 1
        assert asker.cancelled()


async def test_a_time_line_begins_once_for_each_epoch_and_forgets_the_thanks(store: Store) -> None:
    thanks = {"id": "t1", "at": "2026-11-21T11:00:00Z"}
    await store.put_status("k1", Status.model_validate(status(thanks=thanks)), NOON)
    await store.add_likes({"k1": 5}, NOON)
    before = await record(store)
    await store.begin_time_line("k1", before.epoch)
    after = await record(store)
    assert after.epoch != before.epoch
    assert (after.likes_total, after.thanks) == (5, None)
    await store.begin_time_line("k1", before.epoch)
    assert (await record(store)).epoch == after.epoch
    assert await store.begin_time_lines() == 1
    assert (await record(store)).epoch not in (before.epoch, after.epoch)


async def test_another_store_s_changes_are_seen_those_of_a_token_too(
    factory: Factory, store: Store
) -> None:
    async def changed(change: Callable[[Store], Awaitable[object]]) -> list[str]:
        known = {"k1": (await record(store)).revision}
        async with opened(factory) as other:
            await change(other)
        found = list(await store.changed_elsewhere(known))
        assert not await store.changed_elsewhere({"k1": (await record(store)).revision})
        return found

    changes: tuple[Callable[[Store], Awaitable[object]], ...] = (
        lambda other: other.add_likes({"k1": 1}, NOON),
        lambda other: other.add_token("k1", b"a", NOON),
        lambda other: other.add_token("k1", b"b", NOON),
        lambda other: other.end_other_tokens("k1", b"b", NOON),
        lambda other: other.revoke_tokens("k1", b"c"),
    )
    for change in changes:
        assert await changed(change) == ["k1"]
    assert await store.token_hashes("k1") == (b"c",)


async def test_a_revoked_token_s_words_are_forgotten(store: Store) -> None:
    await store.put_status("k1", Status.model_validate(status()), NOON)
    assert (await record(store)).report is not None
    await store.revoke_tokens("k1", b"new")
    assert (await record(store)).report is None
    assert await store.token_hashes("k1") == (b"new",)


async def test_a_report_says_when_the_kitchen_opens_and_whether_notes_wait(store: Store) -> None:
    camera = {
        "state": "closed",
        "since": "2026-11-21T11:59:00Z",
        "opens_at": "2026-11-22T09:00:00Z",
    }
    body = status(camera=camera, notes_wait=True)
    await store.put_status("k1", Status.model_validate(body), NOON)
    report = (await record(store)).report
    assert report is not None
    assert (report.opens_at, report.notes_wait) == (NOON + timedelta(hours=21), True)


async def test_what_no_id_can_be_is_unknown(store: Store) -> None:
    for id in ("\0", "k1\0", "ü", "\udcff"):
        assert await store.note(id) is None
        assert await store.kitchen(id) is None
        assert await store.token_hashes(id) == ()


async def test_nobody_serves_beside_a_command_that_must_be_alone(factory: Factory) -> None:
    cloud, command = factory(), factory()
    await cloud.open(Use.SERVING)
    try:
        with pytest.raises(StoreError, match=r"serves .* end"):
            await command.open(Use.ALONE)
    finally:
        await cloud.close()
    await command.open(Use.ALONE)
    try:
        with pytest.raises(StoreError, match="end"):
            await cloud.open(Use.SERVING)
        async with opened(factory):
            pass
    finally:
        await command.close()
    await cloud.open(Use.SERVING)
    await cloud.close()


async def state_of(store: Store, note: NoteRecord, at: datetime = NOON) -> NoteState:
    found = await store.note(note.id)
    assert found is not None
    return found.state(at)


async def test_operators_are_kept_by_name_and_found_by_token(factory: Factory) -> None:
    kim = Operator("kim@example.com", Role.OPERATOR, b"kims", NOON)
    alex = Operator("alex", Role.READER, b"alexs", NOON + timedelta(hours=1))
    async with opened(factory) as store:
        assert await store.operators.every() == ()
        assert await store.operators.add(kim)
        assert await store.operators.add(alex)
        assert not await store.operators.add(replace(kim, role=Role.READER, token_hash=b"other"))
    async with opened(factory) as store:
        assert await store.operators.every() == (alex, kim)
        assert await store.operators.named("kim@example.com") == kim
        assert await store.operators.with_token(b"alexs") == alex
        assert await store.operators.with_token(b"other") is None
        for text in ("", "KIM", "kim\0", "é", "k" * 65):
            assert await store.operators.named(text) is None
        assert await store.operators.remove("alex", NOON)
        assert not await store.operators.remove("alex", NOON)
        told = [(row.about, row.action, row.detail) for row in await store.audit_from(1, 9)]
        assert told == [
            ("kim@example.com", "operator added", "operator"),
            ("alex", "operator added", "reader"),
            ("alex", "operator removed", ""),
        ]
        assert await store.operators.with_token(b"alexs") is None


async def test_of_a_status_the_fleet_is_told_the_health_alone(store: Store) -> None:
    assert await store.fleet.healths() == {}
    findings = [{"id": "lamp", "level": "fail"}]
    told = status(health={"sw": "1.4.0", "temp_c": 61.5, "findings": findings})
    await store.put_status("k1", Status.model_validate(told), NOON)
    await store.add_kitchen("k2", "Two", NOON)
    lamp = DeviceFinding(id="lamp", level="fail")
    health = Health(sw="1.4.0", temp_c=61.5, findings=(lamp,))
    assert await store.fleet.healths() == {"k1": health}
