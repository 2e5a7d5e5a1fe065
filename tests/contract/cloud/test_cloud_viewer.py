"""What a viewer may do, over real HTTP: likes, notes, watching, summary, live; every refusal."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.contract import CLOUD_ONLY, State
from support.cloud import KID, Reply, Site, WallClock, bearer, serving
from support.cloud import status as device_status
from support.waiting import WITHIN_S

LIKES = f"/v1/kitchens/{KID}/likes"
NOTES = f"/v1/kitchens/{KID}/notes"
WATCHING = f"/v1/kitchens/{KID}/watching"
STATUS = f"/v1/kitchens/{KID}/status"


@pytest.fixture
async def clock() -> WallClock:
    return WallClock()


@pytest.fixture
async def site(tmp_path: Path, clock: WallClock) -> AsyncIterator[Site]:
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        yield site


def is_problem(reply: Reply, status: int) -> bool:
    return (
        reply.status == status
        and reply.headers["Content-Type"] == "application/problem+json"
        and reply.body["status"] == status
        and len(reply.body["detail"]) > 10
        and reply.headers["X-Content-Type-Options"] == "nosniff"
    )


async def test_a_like_is_acknowledged_with_its_total(site: Site) -> None:
    reply = await site.like(7)
    assert reply.status == 202
    assert reply.body == {"accepted": 7, "total": 7, "retry_after_ms": 0}
    assert (await site.summary())["likes"] == {"total": 7, "today": 7}


async def test_an_acknowledged_like_and_note_are_durable(tmp_path: Path) -> None:
    database = tmp_path / "cloud.db"
    async with serving(database) as site:
        acked = (await site.like(7)).body["total"]
        note = (await site.note()).body
        # A copy of the files as they lie there now, as a power cut would leave them.
        for suffix in ("", "-wal"):
            source = database.with_name(database.name + suffix)
            (tmp_path / f"cut.db{suffix}").write_bytes(source.read_bytes())
    async with serving(tmp_path / "cut.db") as site:
        assert (await site.summary())["likes"]["total"] == acked
        assert (await site.call("GET", f"/v1/notes/{note['id']}")).body["state"] == "queued"


async def test_a_batch_counts_once_also_when_sent_twice_at_the_same_time(site: Site) -> None:
    batch = str(uuid.uuid4())
    async with asyncio.TaskGroup() as group:
        twins = [group.create_task(site.like(4, batch)) for _ in range(8)]
    await site.like(3)
    late = await site.like(4, batch.upper())
    answers = [twin.result().body for twin in twins] + [late.body]
    assert answers == [{"accepted": 4, "total": 4, "retry_after_ms": 0}] * 9
    assert (await site.summary())["likes"]["total"] == 7


async def test_many_viewers_at_once_are_counted_exactly(site: Site) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def tap(n: int) -> int:
            body = {"n": n, "batch": str(uuid.uuid4())}
            async with session.post(site.base + LIKES, json=body) as response:
                reply = await response.json()
                assert reply["accepted"] == n
                return int(reply["total"])

        async with asyncio.TaskGroup() as group:
            taps = [group.create_task(tap(1 + n % 20)) for n in range(200)]
    totals = [tap.result() for tap in taps]
    assert len(set(totals)) == 200
    assert max(totals) == (await site.summary())["likes"]["total"] == 2100


async def test_the_first_like_sets_a_short_lived_cookie_and_nothing_before(site: Site) -> None:
    for path in (f"/v1/kitchens/{KID}", "/v1/catalogue"):
        assert "Set-Cookie" not in (await site.call("GET", path)).headers
    watched = await site.call("POST", WATCHING, json={"view": "a-random-view"})
    assert "Set-Cookie" not in watched.headers
    cookie = (await site.like()).headers["Set-Cookie"]
    name, _, attributes = cookie.partition("=")
    assert name == "likelight_viewer"
    assert "HttpOnly" in attributes
    assert "SameSite=Lax" in attributes
    assert "Max-Age=86400" in attributes
    assert "Secure" not in attributes
    assert "Set-Cookie" not in (await site.like()).headers


async def test_a_forged_or_old_token_is_replaced(site: Site, clock: WallClock) -> None:
    token = (await site.like()).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    site.forget_viewer()
    for forged in ("nonsense", token[:-1] + ("A" if token[-1] != "A" else "B"), "v1.x.1.y"):
        reply = await site.like(headers={"Cookie": f"likelight_viewer={forged}"})
        assert "Set-Cookie" in reply.headers
        site.forget_viewer()
    kept = await site.like(headers={"Cookie": f"likelight_viewer={token}"})
    assert "Set-Cookie" not in kept.headers
    clock.step(hours=24)
    old = await site.like(headers={"Cookie": f"likelight_viewer={token}"})
    assert "Set-Cookie" in old.headers


async def test_a_note_goes_its_way(site: Site, clock: WallClock) -> None:
    reply = await site.note("heroes")
    assert reply.status == 201
    assert reply.body["state"] == "queued"
    note = reply.body["id"]
    path = f"/v1/notes/{note}"

    async def state() -> str:
        return str((await site.call("GET", path)).body["state"])

    assert await state() == "queued"
    polled = await site.poll()
    assert [one["id"] for one in polled.body["notes"]] == [note]
    assert await state() == "queued"  # sent, but not yet acknowledged
    await site.poll(polled.body["cursor"])
    assert await state() == "delivered"
    clock.step(seconds=30)
    # The device's clock is an hour fast: nothing is later than its receipt.
    await site.status(notes=[{"id": note, "shown_at": "2026-11-21T13:00:00Z"}])
    assert await state() == "shown"
    assert (await site.summary())["notes"] == {"total": 1, "shown": 1}
    clock.step(days=1)
    await site.status(n=2, notes=[{"id": note, "thanked_at": "2026-11-21T12:01:00Z"}])
    assert (await site.call("GET", path)).body == {
        "id": note,
        "state": "thanked",
        "created_at": "2026-11-21T12:00:00.000Z",
        "delivered_at": "2026-11-21T12:00:00.000Z",
        "shown_at": "2026-11-21T12:00:30.000Z",
        "thanked_at": "2026-11-21T12:01:00.000Z",
        "expires_at": "2026-11-22T00:00:00.000Z",
    }


async def test_no_time_of_a_device_is_later_than_its_receipt(site: Site, clock: WallClock) -> None:
    note = (await site.note()).body["id"]
    clock.step(seconds=30)
    future, receipt = "2026-11-21T18:00:00.000Z", "2026-11-21T12:00:30.000Z"
    await site.status(
        camera={"state": "private", "since": future},
        light={"lit_total": 0, "last_lit_at": future},
        notes=[{"id": note, "shown_at": future, "thanked_at": future}],
        thanks={"id": "t1", "at": future},
    )
    summary = await site.summary()
    way = (await site.call("GET", f"/v1/notes/{note}")).body
    assert [summary["since"], summary["lamp"]["last_lit_at"]] == [receipt] * 2
    assert summary["thanks"] == {"id": "t1", "at": receipt}
    assert [way["shown_at"], way["thanked_at"]] == [receipt] * 2


async def test_thanks_that_came_while_the_cloud_s_clock_was_ahead_are_not_of_the_future(
    site: Site, clock: WallClock
) -> None:
    clock.step(days=400)
    await site.status(thanks={"id": "t1", "at": "2027-12-24T12:00:00Z"})
    clock.step(days=-400)
    assert (await site.summary())["thanks"] == {"id": "t1", "at": "2026-11-21T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("state", "opens_at", "until"),
    [
        ("closed", None, "2026-11-22T00:00:00.000Z"),
        ("closed", "2026-11-21T19:59:00Z", "2026-11-22T00:00:00.000Z"),
        ("closed", "2026-11-22T11:00:00Z", "2026-11-22T15:00:00.000Z"),
        ("private", "2026-11-22T11:00:00Z", "2026-11-22T15:00:00.000Z"),
        ("closed", "2026-11-28T07:00:00Z", "2026-11-28T11:00:00.000Z"),
        ("closed", "2026-11-30T11:00:00Z", "2026-11-28T12:00:00.000Z"),
    ],
)
async def test_a_note_lives_until_four_hours_after_the_opening_and_a_week_at_most(
    site: Site, state: str, opens_at: str | None, until: str
) -> None:
    camera = {"state": state, "since": "2026-11-21T11:59:00Z", "opens_at": opens_at}
    await site.status(camera=camera)
    assert (await site.note()).body["expires_at"] == until


async def test_a_note_to_a_closed_kitchen_is_held_and_goes_its_way_when_that_opens(
    site: Site, clock: WallClock
) -> None:
    opens = "2026-11-22T11:00:00.000Z"
    closed = {"state": "closed", "since": "2026-11-21T11:59:00Z", "opens_at": opens}
    await site.status(camera=closed, notes_wait=True)
    assert (await site.summary())["opens_at"] == opens
    note = (await site.note()).body["id"]

    async def state() -> str:
        return str((await site.call("GET", f"/v1/notes/{note}")).body["state"])

    assert await state() == "held"
    polled = await site.poll()
    await site.poll(polled.body["cursor"])
    assert await state() == "held"
    await site.status(n=2, camera={**closed, "state": "private"}, notes_wait=True)
    assert await state() == "held"
    assert (await site.summary())["opens_at"] is None
    clock.step(hours=23)
    await site.status(n=3)
    assert await state() == "delivered"
    shown = {"id": note, "shown_at": "2026-11-22T11:00:00Z"}
    await site.status(n=4, notes=[shown], notes_wait=True)
    assert await state() == "shown"


async def test_a_held_note_expires_and_its_sender_is_told(site: Site, clock: WallClock) -> None:
    camera = {"state": "closed", "since": "2026-11-21T11:59:00Z"}
    await site.status(camera=camera, notes_wait=True)
    note = (await site.note()).body["id"]
    clock.step(hours=12)
    assert (await site.call("GET", f"/v1/notes/{note}")).body["state"] == "expired"


async def test_a_note_that_nobody_showed_expires(site: Site, clock: WallClock) -> None:
    note = (await site.note()).body["id"]
    clock.step(hours=12)
    assert (await site.call("GET", f"/v1/notes/{note}")).body["state"] == "expired"


async def test_the_same_key_gives_the_same_note(site: Site) -> None:
    async with asyncio.TaskGroup() as group:
        twins = [group.create_task(site.note("heroes", "one-key")) for _ in range(5)]
    first = twins[0].result()
    assert [twin.result().status for twin in twins] == [201] * 5
    await site.poll((await site.poll()).body["cursor"])
    site.forget_viewer()
    again = await site.note("heroes", "one-key")
    assert all(twin.result().body == first.body for twin in twins)
    assert (again.status, again.body) == (201, first.body)
    assert (await site.summary())["notes"]["total"] == 1
    codes = [note["code"] for note in (await site.call("GET", "/v1/catalogue")).body["notes"]]
    other = await site.note(next(code for code in codes if code != "heroes"), "one-key")
    assert is_problem(other, 422)


async def test_a_key_and_a_batch_of_one_kitchen_are_new_in_another(site: Site) -> None:
    await site.cloud.store.add_kitchen("other", "Another kitchen", site.cloud.now())
    batch = {"n": 4, "batch": str(uuid.uuid4())}
    ids = []
    for kid in (KID, "other"):
        likes = await site.call("POST", f"/v1/kitchens/{kid}/likes", json=batch)
        assert (likes.status, likes.body["total"]) == (202, 4)
        note = await site.call(
            "POST", f"/v1/kitchens/{kid}/notes", json={"code": "heroes"}, headers=KEYED
        )
        assert note.status == 201
        ids.append(note.body["id"])
        summary = (await site.call("GET", f"/v1/kitchens/{kid}")).body
        assert (summary["likes"]["total"], summary["notes"]["total"]) == (4, 1)
    assert ids[0] != ids[1]


@pytest.mark.parametrize("key", [None, "", "with space", "ü", "x" * 129])
async def test_a_note_without_a_usable_key_is_400(site: Site, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    reply = await site.call("POST", NOTES, json={"code": "heroes"}, headers=headers)
    assert is_problem(reply, 400)
    assert "Idempotency-Key" in reply.body["detail"]


async def test_a_note_every_20_seconds(site: Site) -> None:
    assert (await site.note()).status == 201
    refused = await site.note()
    assert is_problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert (await site.summary())["notes"]["total"] == 1


async def test_an_unknown_note_is_404(site: Site) -> None:
    assert is_problem(await site.call("GET", "/v1/notes/01JD"), 404)


async def test_the_summary_is_what_the_device_said(site: Site, clock: WallClock) -> None:
    await site.like(9)
    before = await site.summary()
    assert before == {
        "kid": "demo",
        "name": "The demo kitchen",
        "state": "offline",
        "since": "2026-11-21T12:00:00.000Z",
        "simulated": False,
        "likes": {"total": 9, "today": 9},
        "notes": {"total": 0, "shown": 0},
        "lamp": {"lit_total": 0, "last_lit_at": None},
        "viewers": {"band": None},
        "feed": None,
        "thanks": None,
        "moment": None,
        "catalogue": None,
        "opens_at": None,
        "hours": None,
        "server_time": "2026-11-21T12:00:00.000Z",
    }
    reply = await site.status(
        light={"lit_total": 9, "last_lit_at": "2026-11-21T12:00:00Z"},
        thanks={"id": "t1", "at": "2026-11-21T12:30:00Z"},
    )
    assert reply.status == 200
    assert reply.body["server_time"] == "2026-11-21T12:00:00.000Z"
    assert reply.body["desired"]["version"] == 1
    after = await site.summary()
    assert after["state"] == "live"
    assert after["since"] == "2026-11-21T12:00:00.000Z", "the device's own clock decides nothing"
    assert after["simulated"] is True
    assert after["lamp"] == {"lit_total": 9, "last_lit_at": "2026-11-21T12:00:00.000Z"}
    assert after["thanks"] == {"id": "t1", "at": "2026-11-21T12:00:00.000Z"}


@pytest.mark.parametrize("state", [state for state in State if state not in CLOUD_ONLY])
async def test_the_devices_state_passes_through(site: Site, state: State) -> None:
    await site.status(camera={"state": state, "since": "2026-11-21T11:59:00Z"})
    assert (await site.summary())["state"] == state


async def test_the_lamp_never_claims_more_likes_than_there_are(site: Site) -> None:
    await site.like(2)
    await site.status(light={"lit_total": 900})
    assert (await site.summary())["lamp"]["lit_total"] == 2
    await site.like(3)
    assert (await site.summary())["lamp"]["lit_total"] == 2


@pytest.mark.parametrize("epoch", ["another", None])
async def test_a_glow_of_another_epoch_is_none_of_this_one(site: Site, epoch: str | None) -> None:
    await site.like(9)
    await site.status(light={"lit_total": 4, "last_lit_at": "2026-11-21T11:58:00Z"})
    other = {"epoch": epoch, "lit_total": 8, "last_lit_at": "2026-11-21T11:59:00Z"}
    await site.status(n=2, light=other, camera={"state": "idle", "since": "2026-11-21T12:00:00Z"})
    summary = await site.summary()
    assert summary["state"] == "idle"
    assert summary["lamp"] == {"lit_total": 4, "last_lit_at": "2026-11-21T11:58:00.000Z"}


async def test_the_summary_is_cached_by_its_content(site: Site, clock: WallClock) -> None:
    path = f"/v1/kitchens/{KID}"
    first = await site.call("GET", path)
    assert first.headers["Cache-Control"] == "public, max-age=1"
    clock.step(seconds=1)
    tag = {"If-None-Match": first.headers["ETag"]}
    same = await site.call("GET", path, headers=tag)
    assert (same.status, same.body) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    await site.like()
    assert (await site.call("GET", path, headers=tag)).status == 200


async def test_a_status_is_counted_once(site: Site) -> None:
    await site.like(9)
    await site.status(n=5, light={"lit_total": 5})
    again = await site.status(n=5, light={"lit_total": 9})
    assert again.status == 200
    assert (await site.summary())["lamp"]["lit_total"] == 5


async def test_a_status_of_a_newer_device_is_understood(site: Site) -> None:
    assert (await site.status(a_new_key={"of": "tomorrow"})).status == 200


async def test_live_sends_the_summary_at_once_and_when_it_changes(site: Site) -> None:
    began = asyncio.get_running_loop().time()
    async with site.session.get(f"{site.base}/v1/kitchens/{KID}/live") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        first = await event(response)
        assert 3000 <= int(first["retry"]) <= 8000
        assert first["event"] == "summary"
        assert first["data"]["likes"]["total"] == 0
        await site.like(3)
        await site.like(2)
        second = await event(response)
        assert asyncio.get_running_loop().time() - began > 0.9
        assert second["data"]["likes"]["total"] == 5
        assert second["id"] != first["id"]


async def test_the_catalogue_speaks_several_languages(site: Site) -> None:
    english = await site.call("GET", "/v1/catalogue")
    assert english.body["lang"] == "en"
    assert {"code", "text", "icon", "group"} == set(english.body["notes"][0])
    german = await site.call("GET", "/v1/catalogue", params={"lang": "de-AT"})
    assert german.body["lang"] == "de"
    assert german.headers["ETag"] != english.headers["ETag"]
    same = await site.call(
        "GET", "/v1/catalogue", headers={"If-None-Match": english.headers["ETag"]}
    )
    assert same.status == 304
    unknown = await site.call("GET", "/v1/catalogue", params={"lang": "tlh"})
    assert unknown.body["lang"] == "en"
    assert is_problem(await site.call("GET", "/v1/catalogue", params={"lang": "../x"}), 422)


VALID = {LIKES: {"n": 1, "batch": str(uuid.uuid4())}, WATCHING: {"view": "a-random-view"}}
KEYED = {"Idempotency-Key": "a-key"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (LIKES, {"n": 0, "batch": str(uuid.uuid4())}, "n"),
        (LIKES, {"n": 21, "batch": str(uuid.uuid4())}, "n"),
        (LIKES, {"n": "3", "batch": str(uuid.uuid4())}, "n"),
        (LIKES, {"n": 1.5, "batch": str(uuid.uuid4())}, "n"),
        (LIKES, {"n": 1, "batch": "not-a-uuid"}, "batch"),
        (LIKES, {"n": 1}, "batch"),
        (LIKES, {"n": 1, "batch": str(uuid.uuid4()), "name": "Katie"}, "name"),
        (LIKES, [], "body"),
        (NOTES, {"code": "you-are-slow"}, "code"),
        (NOTES, {"code": "<b>hi</b>"}, "code"),
        (NOTES, {"code": "heroes", "text": "hello"}, "text"),
        (NOTES, {}, "code"),
        (WATCHING, {"view": "short"}, "view"),
        (WATCHING, {"view": "a-random-view", "who": "me"}, "who"),
    ],
)
async def test_bad_values_and_unknown_keys_are_422_with_the_field(
    site: Site, path: str, body: Any, field: str
) -> None:
    reply = await site.call("POST", path, json=body, headers=KEYED)
    assert is_problem(reply, 422)
    assert field in reply.body["detail"]
    assert [error["field"] for error in reply.body["errors"]] == [field]
    assert "Set-Cookie" not in reply.headers
    await nothing_changed(site)


@pytest.mark.parametrize("path", [LIKES, NOTES, WATCHING, STATUS])
async def test_what_is_not_json_is_refused(site: Site, path: str) -> None:
    as_json = {"Content-Type": "application/json", **KEYED, **bearer()}
    for data in (b"", b"{", b"\xff\xfe", b"[" * 9000):
        assert is_problem(await site.call("POST", path, data=data, headers=as_json), 400)
    form = {"Content-Type": "application/x-www-form-urlencoded", **KEYED, **bearer()}
    assert is_problem(await site.call("POST", path, data=b"n=1", headers=form), 415)
    await nothing_changed(site)


@pytest.mark.parametrize("path", [LIKES, NOTES, WATCHING, STATUS])
async def test_a_body_over_16_kib_is_413(site: Site, path: str) -> None:
    as_json = {"Content-Type": "application/json", **KEYED, **bearer()}
    large = json.dumps({"n": 1, "padding": "x" * 16 * 1024}).encode()

    async def chunked() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 4096):
            yield large[start : start + 4096]

    assert is_problem(await site.call("POST", path, data=large, headers=as_json), 413)
    assert is_problem(await site.call("POST", path, data=chunked(), headers=as_json), 413)
    await nothing_changed(site)


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_of_16_kib_is_taken_and_one_byte_more_is_413(
    site: Site, is_chunked: bool
) -> None:
    def filled(size: int) -> Any:
        body = json.dumps({**device_status(), "a_key_of": "tomorrow"})
        assert len(body) < size
        whole = body.encode().ljust(size)

        async def chunked() -> AsyncIterator[bytes]:
            for start in range(0, size, 4096):
                yield whole[start : start + 4096]

        return chunked() if is_chunked else whole

    as_json = {"Content-Type": "application/json", **bearer()}
    large = await site.call("POST", STATUS, data=filled(16_385), headers=as_json)
    assert is_problem(large, 413)
    await nothing_changed(site)
    await site.poll()
    assert (await site.call("POST", STATUS, data=filled(16_384), headers=as_json)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site", "Origin": "SELF"},
    ],
)
@pytest.mark.parametrize("path", [LIKES, NOTES, WATCHING])
async def test_a_cross_site_write_is_403(site: Site, path: str, headers: dict[str, str]) -> None:
    headers = {name: value.replace("SELF", site.base) for name, value in headers.items()}
    body = VALID.get(path, {"code": "heroes"})
    assert is_problem(await site.call("POST", path, json=body, headers={**headers, **KEYED}), 403)
    await nothing_changed(site)


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": ""}]
)
async def test_our_own_page_and_plain_programs_may_write(
    site: Site, headers: dict[str, str]
) -> None:
    own = {name: value or site.base for name, value in headers.items()}
    assert (await site.like(headers=own)).status == 202


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("Kitchens.Local:8090", "http://kitchens.local:8090", 202),
        ("kitchens.local:8090", "http://KITCHENS.local:8090", 202),
        ("kitchens.local", "http://kitchens.local:80", 202),
        ("kitchens.local:443", "http://kitchens.local:443", 202),
        ("kitchens.local:443", "https://kitchens.local", 403),
        ("kitchens.local:8090", "http://kitchens.local:8091", 403),
        ("kitchens.local", "http://kitchens.local:8090", 403),
        ("kitchens.local", "http://kitchens.local.elsewhere.example", 403),
    ],
)
async def test_an_origin_is_our_own_by_scheme_host_and_port_whatever_the_case_of_its_letters(
    site: Site, host: str, origin: str, status: int
) -> None:
    assert (await site.like(headers={"Host": host, "Origin": origin})).status == status


async def test_unknown_kitchens_are_404_everywhere(site: Site) -> None:
    for method, rest, body in (
        ("GET", "", None),
        ("GET", "/live", None),
        ("POST", "/likes", VALID[LIKES]),
        ("POST", "/notes", {"code": "heroes"}),
        ("POST", "/watching", VALID[WATCHING]),
        ("POST", "/status", {}),
    ):
        reply = await site.call(method, f"/v1/kitchens/nowhere{rest}", json=body, headers=KEYED)
        assert is_problem(reply, 404)


async def test_wrong_addresses_and_methods_are_problems_too(site: Site) -> None:
    assert is_problem(await site.call("GET", "/v1/nothing"), 404)
    refused = await site.call("DELETE", LIKES)
    assert is_problem(refused, 405)
    assert refused.headers["Allow"] == "POST"


async def test_a_status_needs_the_token_and_a_devices_state(site: Site) -> None:
    assert is_problem(await site.call("POST", STATUS, json={}), 401)
    for state in CLOUD_ONLY:
        refused = await site.status(camera={"state": state, "since": "2026-11-21T11:59:00Z"})
        assert is_problem(refused, 422)
        assert refused.body["errors"][0]["field"] == "camera.state"
    await nothing_changed(site)


async def nothing_changed(site: Site) -> None:
    record = await site.cloud.store.kitchen(KID)
    assert record is not None
    assert record.revision == 1, "the device's token is all that was written"
    assert not (await site.cloud.kitchen(KID)).viewers().watching


async def event(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Read one server-sent event."""
    fields: dict[str, Any] = {}
    async with asyncio.timeout(WITHIN_S):
        while line := (await response.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = json.loads(value) if name == "data" else value
    return fields
