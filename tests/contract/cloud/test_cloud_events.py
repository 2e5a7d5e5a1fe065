"""The long poll over real HTTP: rules 1 to 8 of the contract and its table of statuses."""

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.trust.device import hashed
from support.cloud import KID, NOON, TOKEN, Site, WallClock, bearer, serving, status


@pytest.fixture
async def clock() -> WallClock:
    return WallClock()


@pytest.fixture
async def site(tmp_path: Path, clock: WallClock) -> AsyncIterator[Site]:
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        yield site


async def start(site: Site) -> str:
    reply = await site.poll()
    assert reply.status == 200
    return str(reply.body["cursor"])


async def test_a_bootstrap_tells_the_totals_and_never_old_likes(site: Site) -> None:
    await site.like(7)
    reply = await site.poll()
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.body["likes"]["total"] == 7
    assert reply.body["likes"]["delta"] == 0
    assert reply.body["notes"] == []
    assert reply.body["viewers"] == {"band": None, "watching": False}
    assert len(reply.body["cursor"]) < 128


async def test_a_bootstrap_brings_what_was_never_acknowledged(site: Site) -> None:
    await site.note("heroes")
    first = await site.poll()
    again = await site.poll()
    assert [note["seq"] for note in again.body["notes"]] == [1]
    assert again.body["notes"] == first.body["notes"]
    await site.poll(again.body["cursor"])
    assert (await site.poll()).body["notes"] == []


async def test_a_held_poll_is_answered_by_the_first_like(site: Site) -> None:
    cursor = await start(site)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(site.poll(cursor, wait=30))
        await polling(site)
        liked = await site.like(3)
    assert liked.status == 202
    assert held.result().body["likes"] == {
        "total": 3,
        "delta": 3,
        "since": None,
        "rate": 3.0,
        "by_source": {"page": 3},
    }


async def test_more_likes_within_the_pace_wait_for_it(site: Site, clock: WallClock) -> None:
    cursor = await start(site)
    await site.like(3)
    after = await site.poll(cursor, wait=30)
    assert after.body["likes"]["delta"] == 3
    await site.like(4)
    clock.step(milliseconds=950)
    loop = asyncio.get_running_loop()
    began = loop.time()
    paced = await site.poll(after.body["cursor"], wait=30)
    assert 0.04 <= loop.time() - began < 5
    assert paced.body["likes"]["delta"] == 4
    assert paced.body["likes"]["since"] == "2026-11-21T12:00:00.000Z"


async def test_delta_is_exact_for_a_lost_and_a_repeated_reply(site: Site) -> None:
    cursor = await start(site)
    await site.like(5)
    lost = await site.poll(cursor)
    await site.like(2)
    repeated = await site.poll(cursor)
    assert lost.body["likes"]["delta"] == 5
    assert repeated.body["likes"]["delta"] == 7
    assert (await site.poll(repeated.body["cursor"])).body["likes"]["delta"] == 0


async def test_the_same_cursor_returns_the_same_notes(site: Site) -> None:
    cursor = await start(site)
    for _ in range(3):
        site.forget_viewer()
        assert (await site.note()).status == 201
    first, second = await site.poll(cursor), await site.poll(cursor)
    assert [note["seq"] for note in first.body["notes"]] == [1, 2, 3]
    assert first.body["notes"] == second.body["notes"]
    assert first.body["notes"][0]["expires_at"] == "2026-11-22T00:00:00.000Z"


async def test_many_notes_come_in_several_replies(site: Site) -> None:
    cursor = await start(site)
    for _ in range(5):
        site.forget_viewer()
        await site.note()
    seen: list[int] = []
    more = []
    for _ in range(3):
        reply = await site.poll(cursor, max_notes=2)
        seen += [note["seq"] for note in reply.body["notes"]]
        more.append(reply.body["more"])
        cursor = reply.body["cursor"]
    assert seen == [1, 2, 3, 4, 5]
    assert more == [True, True, False]


async def test_the_largest_reply_stays_below_64_kib(site: Site) -> None:
    cursor = await start(site)
    store, now = site.cloud.store, site.cloud.now()
    for n in range(120):
        await store.add_note(
            KID,
            id=f"{n:026}",
            code="c" * 32,
            key=f"key-{n}",
            at=now,
            expires_at=now.replace(hour=23),
        )
    reply = await site.poll(cursor, max_notes=5000)
    assert len(reply.body["notes"]) == 100
    assert reply.body["more"] is True
    assert int(reply.headers["Content-Length"]) <= 64 * 1024


async def test_expired_notes_are_skipped_and_counted(site: Site, clock: WallClock) -> None:
    cursor = await start(site)
    await site.note()
    site.forget_viewer()
    clock.step(hours=11)
    await site.note()
    clock.step(hours=1)
    reply = await site.poll(cursor, wait=30)
    assert [note["seq"] for note in reply.body["notes"]] == [2]
    assert reply.body["dropped_notes"] == 1
    clock.step(hours=12)
    late = await site.poll(cursor, wait=30)
    assert late.body["notes"] == []
    assert late.body["dropped_notes"] == 2
    rest = await site.poll(late.body["cursor"])
    assert rest.body["dropped_notes"] == 0


async def test_demand_answers_a_held_poll(site: Site) -> None:
    cursor = await start(site)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(site.poll(cursor, wait=30))
        await polling(site)
        await watch(site, "a-random-view")
    assert held.result().body["viewers"] == {"band": None, "watching": True}
    # Demand that came between two polls is in the answer to the next one, at once.
    stale = await site.poll(cursor, wait=30)
    assert stale.body["viewers"]["watching"] is True


async def test_the_band_begins_at_three(site: Site) -> None:
    bands = []
    for view in range(11):
        await watch(site, f"view-number-{view}")
        bands.append((await site.summary())["viewers"]["band"])
    assert bands == [None, None] + ["3-9"] * 7 + ["10-29"] * 2
    await watch(site, "view-number-0")
    assert (await site.poll()).body["viewers"] == {"band": "10-29", "watching": True}


async def test_desired_is_present_while_the_version_differs(site: Site) -> None:
    cursor = await start(site)
    assert "desired" not in (await site.poll(cursor)).body
    reply = await site.poll(cursor, wait=30, dv=0)
    assert reply.body["desired"] == {
        "version": 1,
        "mode": "on",
        "schedule": {},
        "catalogue": None,
        "pace_ms": 1000,
        "rotate": False,
    }


async def test_an_empty_wait_is_200_and_a_little_shorter_than_asked(site: Site) -> None:
    cursor = await start(site)
    loop = asyncio.get_running_loop()
    began = loop.time()
    reply = await site.poll(cursor, wait=1)
    assert 15 / 16 - 0.01 <= loop.time() - began < 5
    assert reply.status == 200
    assert reply.body["notes"] == []
    assert reply.body["likes"]["delta"] == 0


async def test_the_newest_poller_wins(site: Site) -> None:
    cursor = await start(site)
    async with asyncio.TaskGroup() as group:
        older = group.create_task(site.poll(cursor, wait=30))
        await polling(site)
        newer = await site.poll(cursor)
    assert older.result().status == 409
    assert older.result().headers["Content-Type"] == "application/problem+json"
    assert newer.status == 200


async def test_a_client_that_hangs_up_leaves_nobody_waiting(site: Site) -> None:
    cursor = await start(site)
    held = asyncio.ensure_future(site.poll(cursor, wait=30))
    kitchen = await polling(site)
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)
    next_reply = await site.poll(cursor)
    assert next_reply.status == 200
    assert not kitchen.polled


@pytest.mark.parametrize("cursor", ["", "x", "ümlaut", "!!!!", "A" * 127, "AAAA AAAA"])
async def test_a_damaged_cursor_is_400(site: Site, cursor: str) -> None:
    reply = await site.poll(cursor)
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert "cursor" in reply.body["detail"]


async def test_a_cursor_altered_in_any_place_is_400(site: Site) -> None:
    cursor = await start(site)
    for place in range(len(cursor) - 1):
        other = "A" if cursor[place] != "A" else "B"
        altered = cursor[:place] + other + cursor[place + 1 :]
        assert (await site.poll(altered)).status == 400


async def test_a_cursor_of_another_kitchen_is_400(site: Site) -> None:
    cursor = site.cloud.cursors.write("other", site.cloud.cursors.read(KID, await start(site)))
    assert (await site.poll(cursor)).status == 400


async def test_a_new_epoch_is_410_with_a_cursor_to_go_on(tmp_path: Path) -> None:
    database = tmp_path / "cloud.db"
    async with serving(database) as site:
        await site.like(4)
        await site.note()
        cursor = await start(site)
    alter(database, "UPDATE kitchen SET epoch = 'nEw1'")
    async with serving(database) as site:
        gone = await site.poll(cursor, wait=30)
        assert gone.status == 410
        on = await site.poll(gone.body["cursor"], wait=30)
        assert on.status == 200
        assert on.body["epoch"] == "nEw1"
        assert on.body["likes"] == {
            "total": 4,
            "delta": 0,
            "since": None,
            "rate": 0.0,
            "by_source": {},
        }
        assert [note["seq"] for note in on.body["notes"]] == [1]


async def test_a_cloud_restored_from_an_older_copy_answers_410(tmp_path: Path) -> None:
    database, copy = tmp_path / "cloud.db", tmp_path / "copy.db"
    async with serving(database) as site:
        await site.like(4)
    copy.write_bytes(database.read_bytes())
    async with serving(database) as site:
        await site.like(5)
        first = (await site.poll()).body
    database.write_bytes(copy.read_bytes())
    async with serving(database) as site:
        gone = await site.poll(first["cursor"])
        assert gone.status == 410
        on = await site.poll(gone.body["cursor"])
        assert (on.status, on.body["likes"]["total"], on.body["likes"]["delta"]) == (200, 4, 0)
        assert on.body["epoch"] != first["epoch"]
        again = await site.poll(first["cursor"])
        assert again.status == 410
        assert (await site.poll(again.body["cursor"])).body["epoch"] == on.body["epoch"]


async def test_other_notes_under_the_same_numbers_are_a_fork_and_all_are_delivered(
    tmp_path: Path,
) -> None:
    database, copy = tmp_path / "cloud.db", tmp_path / "copy.db"
    async with serving(database) as site:
        await site.note()
        first = (await site.poll()).body
        await site.poll(first["cursor"])
    copy.write_bytes(database.read_bytes())
    async with serving(database) as site:
        await site.note()
        site.forget_viewer()
        await site.note()
        ahead = (await site.poll(first["cursor"])).body
        assert [note["seq"] for note in ahead["notes"]] == [2, 3]
    database.write_bytes(copy.read_bytes())
    async with serving(database) as site:
        sent = []
        for _ in range(4):
            site.forget_viewer()
            sent.append((await site.note()).body["id"])
        gone = await site.poll(ahead["cursor"])
        assert gone.status == 410
        for note in sent:
            state = (await site.call("GET", f"/v1/notes/{note}")).body["state"]
            assert state == "queued", "nothing is delivered by a cursor of another time line"
        on = await site.poll(gone.body["cursor"])
        assert [note["id"] for note in on.body["notes"]] == sent


async def test_a_restored_cloud_believes_no_light_of_before_and_sends_what_has_not_lit(
    tmp_path: Path,
) -> None:
    database, copy = tmp_path / "cloud.db", tmp_path / "copy.db"
    thanks = {"id": "t1", "at": "2026-11-21T11:59:00Z"}
    async with serving(database) as site:
        await site.like(4)
        await site.status(light={"lit_total": 3}, thanks=thanks)
    copy.write_bytes(database.read_bytes())
    async with serving(database) as site:
        await site.like(5)
        cursor = await start(site)
    database.write_bytes(copy.read_bytes())
    async with serving(database) as site:
        await site.like(2)
        gone = await site.poll(cursor)
        address = f"/v1/kitchens/{KID}/status"
        early = await site.call("POST", address, json=status(n=2), headers=bearer())
        assert early.status == 409, "the device has not polled on this time line yet"
        await site.status(n=3, light={"epoch": "0ld1", "lit_total": 9}, cursor=cursor)
        summary = await site.summary()
        assert summary["lamp"]["lit_total"] == 3
        assert summary["thanks"] is None
        likes = (await site.poll(gone.body["cursor"])).body["likes"]
        assert (likes["total"], likes["delta"]) == (6, 3)


async def test_a_cloud_that_lost_a_note_with_an_older_copy_answers_410(tmp_path: Path) -> None:
    database = tmp_path / "cloud.db"
    async with serving(database) as site:
        await site.note()
        cursor = (await site.poll()).body["cursor"]
    alter(database, "DELETE FROM note")
    alter(database, "UPDATE kitchen SET head = 0, acked = 0")
    async with serving(database) as site:
        gone = await site.poll(cursor)
        assert gone.status == 410
        site.forget_viewer()
        await site.note()
        on = await site.poll(gone.body["cursor"])
        assert [note["seq"] for note in on.body["notes"]] == [1]


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("wrong"), bearer(""), {"Authorization": "Basic eDp5"}, bearer("tökén")],
)
async def test_a_wrong_token_is_401(site: Site, headers: dict[str, str]) -> None:
    reply = await site.call("GET", f"/v1/kitchens/{KID}/events", headers=headers)
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_opens_its_own_kitchen_only(site: Site) -> None:
    await site.cloud.store.add_kitchen("other", "Another kitchen", site.cloud.now())
    assert (await site.poll(kid="other")).status == 401


async def test_two_tokens_are_valid_in_a_rotation(site: Site) -> None:
    path = f"/v1/kitchens/{KID}/events"
    await site.cloud.store.add_token(KID, hashed("second"), NOON)
    assert (await site.poll()).status == 200
    assert (await site.call("GET", path, headers=bearer("second"))).status == 200
    await site.cloud.store.add_token(KID, hashed("third"), NOON)
    assert (await site.call("GET", path, headers=bearer("second"))).status == 401
    assert (await site.poll()).status == 200
    assert (await site.call("GET", path, headers=bearer("third"))).status == 200


async def test_an_unknown_kitchen_is_404(site: Site) -> None:
    reply = await site.poll(kid="nowhere")
    assert reply.status == 404
    assert "nowhere" in reply.body["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"wait": 31}, "wait"),
        ({"wait": -1}, "wait"),
        ({"wait": "soon"}, "wait"),
        ({"max_notes": 0}, "max_notes"),
        ({"dv": -1}, "dv"),
    ],
)
async def test_a_bad_query_is_422_with_its_field(
    site: Site, query: dict[str, Any], field: str
) -> None:
    reply = await site.poll(**query)
    assert reply.status == 422
    assert reply.body["errors"][0]["field"] == field


async def polling(site: Site) -> Kitchen:
    """Return the kitchen once its device's poll is held."""
    kitchen = await site.cloud.kitchen(KID)
    while not kitchen.polled:
        await asyncio.sleep(0)
    return kitchen


async def watch(site: Site, view: str) -> None:
    reply = await site.call("POST", f"/v1/kitchens/{KID}/watching", json={"view": view})
    assert reply.status == 204


def alter(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()


async def test_likes_of_guests_in_the_house_have_a_source_of_their_own(site: Site) -> None:
    cursor = await start(site)

    async def here(n: int) -> None:
        batch = {"n": n, "batch": str(uuid.uuid4()), "source": "here"}
        assert (await site.call("POST", f"/v1/kitchens/{KID}/likes", json=batch)).status == 202

    await site.like(2)
    await here(3)
    first = (await site.poll(cursor)).body
    assert first["likes"]["by_source"] == {"page": 2, "here": 3}
    assert (await site.poll(cursor)).body["likes"]["by_source"] == {"page": 2, "here": 3}
    await here(4)
    assert (await site.poll(first["cursor"])).body["likes"]["by_source"] == {"here": 4}
    assert (await site.poll(cursor)).body["likes"]["by_source"] == {"page": 2, "here": 7}
    again = (await site.poll()).body
    assert again["likes"]["by_source"] == {}
    await site.like(1)
    assert (await site.poll(again["cursor"])).body["likes"]["by_source"] == {"page": 1}
    other = {"n": 1, "batch": str(uuid.uuid4()), "source": "webhook:till"}
    refused = await site.call("POST", f"/v1/kitchens/{KID}/likes", json=other)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "source")


async def test_the_source_of_likes_is_forgotten_with_a_restart_and_their_number_is_not(
    tmp_path: Path,
) -> None:
    database = tmp_path / "restarted.db"
    batch = {"n": 3, "batch": str(uuid.uuid4()), "source": "here"}
    async with serving(database) as site:
        cursor = await start(site)
        await site.call("POST", f"/v1/kitchens/{KID}/likes", json=batch)
    async with serving(database) as site:
        await site.like(2)
        likes = (await site.poll(cursor)).body["likes"]
        assert (likes["delta"], likes["by_source"]) == (5, {"page": 5})


async def test_after_an_outage_devices_are_answered_in_turn_and_new_ones_at_once(
    tmp_path: Path, clock: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One in 1000 s, longer than any machine takes for this test.
    monkeypatch.setattr("likelight_cloud.kitchens.returning.LEAST_PER_S", 0.001)
    monkeypatch.setattr("likelight_cloud.kitchens.returning.SPREAD_S", 1e6)
    kids = ("first", "second", "new")
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        for kid in kids:
            await site.cloud.store.add_kitchen(kid, kid, clock())
            await site.cloud.store.add_token(kid, hashed(TOKEN), NOON)
        for kid in kids[:2]:
            await site.poll(kid=kid)
            report = status()
            await site.call("POST", f"/v1/kitchens/{kid}/status", json=report, headers=bearer())
    clock.step(minutes=10)
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        assert (await site.poll(kid="first")).status == 200
        busy = await site.poll(kid="second")
        assert (busy.status, busy.body["type"]) == (503, "urn:likelight:problem:busy")
        assert 900 < int(busy.headers["Retry-After"]) <= 1000
        assert (await site.poll(kid="first")).status == 200, "it is there already"
        assert (await site.poll(kid="new")).status == 200
