"""What operators ask of kitchens from the fleet's page, and how it is undone; both databases."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
import pytest

from likelight.contract import Desired
from likelight_cloud.store.base import Store
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from support.cloud import KID, WallClock, bearer
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S


@dataclass
class Desk:
    """A cloud, and a browser at it."""

    store: Store
    session: aiohttp.ClientSession
    clock: WallClock
    cookie: dict[str, str]

    async def log_in(self, name: str, role: Role) -> None:
        """Go on as this new operator."""
        await self.store.operators.add(Operator(name, role, hashed(name), self.clock.at))
        async with self.session.post(
            "/fleet/login", data={"token": name}, allow_redirects=False
        ) as reply:
            self.cookie = {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}

    async def send(self, path: str, *fields: tuple[str, str]) -> tuple[int, str]:
        """Send a form; return the status, and where it leads."""
        async with self.session.post(
            path, data=aiohttp.FormData(fields), headers=self.cookie, allow_redirects=False
        ) as reply:
            return reply.status, reply.headers.get("Location") or await reply.text()

    async def ask(self, *fields: tuple[str, str]) -> str:
        """Ask for something; return the address of the change."""
        status, place = await self.send("/fleet/wishes", *fields)
        assert status == 303, place
        return place

    async def read(self, path: str) -> str:
        """Return a page."""
        async with self.session.get(path, headers=self.cookie) as reply:
            return await reply.text()

    async def desired(self, kid: str = KID) -> Desired:
        record = await self.store.kitchen(kid)
        assert record is not None
        return record.desired

    async def modes(self, kids: Sequence[str]) -> list[str]:
        return [(await self.desired(kid)).mode for kid in kids]


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    clock = WallClock()
    async with (
        cloud_server(database, now=clock) as site,
        aiohttp.ClientSession(site.public, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        desk = Desk(site.cloud.cloud.store, session, clock, {})
        await desk.log_in("kim", Role.OPERATOR)
        yield desk


async def test_a_device_that_polls_is_asked_at_once_and_it_can_be_undone(desk: Desk) -> None:
    before = await desk.desired()
    url = f"/v1/kitchens/{KID}/events"
    first = {"wait": "0", "boot_id": "b"}
    async with desk.session.get(url, params=first, headers=bearer()) as reply:
        cursor = (await reply.json())["cursor"]
    held = {**first, "wait": "30", "cursor": cursor, "dv": str(before.version)}
    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:

        async def poll() -> str:
            async with desk.session.get(url, params=held, headers=bearer()) as reply:
                mode: str = (await reply.json())["desired"]["mode"]
                return mode

        polled = group.create_task(poll())
        change = await desk.ask(("ask", "off"), ("k", KID))
        assert await polled == "off"
    page = await desk.read(change)
    assert "<h1>Asked: 1 kitchen</h1>" in page
    assert "kim asks for no pictures." in page
    assert await desk.send(f"{change}/undo") == (303, change)
    assert (await desk.desired()).mode == "on"
    assert (await desk.desired()).version == before.version + 2
    undone = await desk.read(change)
    assert "<h1>Undone: 1 kitchen</h1>" in undone
    assert "kim asked for no pictures." in undone
    await desk.send(f"{change}/undo")
    assert (await desk.desired()).version == before.version + 2, "once"
    told = [row for row in await desk.store.audit_from(1, 99) if row.action == "desired set"]
    assert [(row.who, row.about) for row in told] == [("kim", KID)] * 2
    assert ["mode=off" in told[0].detail, "mode=on" in told[1].detail] == [True, True]


async def test_a_form_that_is_sent_twice_is_one_change_and_can_be_undone(desk: Desk) -> None:
    found = re.search('name="once" value="([^"]+)"', await desk.read("/fleet?show=all"))
    assert found
    form = (("once", found[1]), ("ask", "off"), ("k", KID))
    change, again = await asyncio.gather(desk.ask(*form), desk.ask(*form))
    assert again == change
    await desk.send(f"{change}/undo")
    assert (await desk.desired()).mode == "on"
    # Somebody who goes back to the page means it: after an undo, or a while later.
    later = await desk.ask(*form)
    assert (later != change, (await desk.desired()).mode) == (True, "off")
    on = (form[0], ("ask", "on"), form[2])
    await desk.ask(*on)
    desk.clock.step(seconds=31)
    await desk.ask(("ask", "off"), form[2])
    await desk.ask(*on)
    assert (await desk.desired()).mode == "on"


async def test_hours_and_a_pace_and_none(desk: Desk) -> None:
    week = [("monday", "11:00-14:00, 17:00-23:00"), ("friday", "18:00-02:00"), ("sunday", " ")]
    hours = await desk.ask(("ask", "hours"), ("k", KID), *week)
    schedule = (await desk.desired()).schedule
    assert schedule is not None
    assert schedule["friday"] == "18:00-02:00"
    assert schedule["sunday"] == "closed"
    assert "friday 18:00-02:00" in await desk.read(hours)
    await desk.ask(("ask", "pace"), ("pace_ms", "2000"), ("k", KID))
    assert (await desk.desired()).pace_ms == 2000
    await desk.send(f"{hours}/undo")
    assert (await desk.desired()).schedule == schedule, "somebody has asked for a pace since"
    assert "Somebody has asked 1 of them for something else" in await desk.read(hours)
    await desk.ask(("ask", "no_hours"), ("k", KID))
    assert (await desk.desired()).schedule == {}


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("ask", "off"),),
        (("ask", "off"), ("k", "nowhere")),
        (("ask", "always"), ("k", KID)),
        (("ask", "hours"), ("k", KID)),
        (("ask", "hours"), ("k", KID), ("monday", "noon")),
        (("ask", "pace"), ("k", KID), ("pace_ms", "-1")),
        (("ask", "pace"), ("k", KID), ("pace_ms", "60001")),
        (("ask", "pace"), ("k", KID), ("pace_ms", "9" * 5000)),
        (("ask", "off"), ("all", "1"), ("show", "nothing")),
        (("ask", "off"), ("all", "1"), ("q", "nobody is called so")),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    desk: Desk, fields: tuple[tuple[str, str], ...]
) -> None:
    before = await desk.desired()
    assert (await desk.send("/fleet/wishes", *fields))[0] == 422
    assert await desk.desired() == before


async def test_more_than_twenty_want_their_number_typed(desk: Desk) -> None:
    kids = [f"x-{n:02}" for n in range(21)]
    for kid in kids:
        await desk.store.add_kitchen(kid, kid.upper(), desk.clock.at)
    await desk.store.change_desired(kids[0], lambda it: it.model_copy(update={"mode": "off"}))
    change = await desk.ask(("ask", "off"), ("all", "1"), ("show", "all"), ("q", "X-"))
    assert await desk.modes(kids) == ["off"] + ["on"] * 20
    assert "Ask 21 kitchens?" in await desk.read(change)
    for wrong in ("", "20", "21.0"):
        assert await desk.send(change, ("number", wrong)) == (303, f"{change}?wrong=1")
    assert "Nothing has changed yet" in await desk.read(f"{change}?wrong=1")
    assert await desk.modes(kids) == ["off"] + ["on"] * 20
    assert (await desk.desired()).mode == "on", "not in the list"
    await desk.store.remove_kitchen(kids[20])
    both = [desk.send(change, ("number", " 21 ")) for _ in range(2)]
    assert await asyncio.gather(*both) == [(303, change)] * 2
    assert await desk.modes(kids[:20]) == ["off"] * 20
    assert (await desk.desired(kids[1])).version == 2, "made once"
    desk.clock.step(minutes=9, seconds=59)
    assert re.search("<button>Undo</button>", await desk.read(change))
    await desk.send(f"{change}/undo")
    assert await desk.modes(kids[:20]) == ["off"] + ["on"] * 19


async def test_twenty_are_asked_at_once_and_ten_minutes_later_it_stays(desk: Desk) -> None:
    kids = [f"k{n:02}" for n in range(20)]
    for kid in kids:
        await desk.store.add_kitchen(kid, kid.upper(), desk.clock.at)
    change = await desk.ask(("ask", "off"), *(("k", kid) for kid in kids))
    assert await desk.modes(kids) == ["off"] * 20
    desk.clock.step(minutes=10)
    assert "<button>Undo</button>" not in await desk.read(change)
    await desk.send(f"{change}/undo")
    assert await desk.modes(kids) == ["off"] * 20
    await desk.ask(("ask", "off"), ("k", KID))
    assert (await desk.send(f"{change}/undo"))[0] == 404, "forgotten with the next change"


async def test_a_reader_changes_nothing_and_sees_no_form(desk: Desk) -> None:
    assert 'action="/fleet/wishes"' in await desk.read("/fleet?show=all")
    assert "lifts neither PRIVACY" in await desk.read("/fleet?show=all")
    change = await desk.ask(("ask", "off"), ("k", KID))
    await desk.log_in("alex", Role.READER)
    assert 'action="/fleet/wishes"' not in await desk.read("/fleet?show=all")
    for path in ("/fleet/wishes", change, f"{change}/undo"):
        status, said = await desk.send(path, ("ask", "on"), ("k", KID), ("number", "1"))
        assert (status, "change nothing" in said) == (403, True)
    desk.cookie = {}
    for path in ("/fleet/wishes", change, f"{change}/undo"):
        assert await desk.send(path, ("ask", "on"), ("k", KID)) == (303, "/fleet/login")
    assert (await desk.desired()).mode == "off"


async def test_there_is_no_such_change(desk: Desk) -> None:
    for id in ("nothing", "%00", "%ff", "é"):
        assert (await desk.send(f"/fleet/changes/{id}/undo"))[0] == 404
