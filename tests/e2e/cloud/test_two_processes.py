"""Two clouds behind nginx, routed by kitchen with the file that we ship; one is killed under load.

In the long run it comes back and is killed again, ten times.
"""

import asyncio
import uuid
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from conftest import LONG
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.viewer import HEADER
from support.cloud import NOON, TOKEN, bearer
from support.cloud_stores import opened
from support.nginx import needs_nginx
from support.postgresql import Server
from support.routed_clouds import RoutedClouds, routed_clouds
from support.viewers_load import Load
from support.waiting import WITHIN_S

pytestmark = needs_nginx

ROUNDS = 1 if LONG == 1 else 10
ON_WITHIN_S = 5.0
"""The kitchens of a cloud that was killed go on within this: the issue's figure."""


async def test_a_kitchen_is_one_cloud_s_and_goes_on_at_the_other(
    postgresql: Server, tmp_path: Path
) -> None:
    with postgresql.database() as database:
        async with (
            routed_clouds(tmp_path, database) as clouds,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            served = await clouds.served_by(session)
            await _each_address_of_a_kitchen_reaches_its_cloud(clouds, session, served)
            await _forgotten_by_each_cloud(clouds, session, served)
            # Two of each cloud, which have had nothing yet.
            kids = [kid for kids in served.values() for kid in kids[1:3]]
            loads = {kid: _load(clouds, session, kid) for kid in kids}
            async with asyncio.TaskGroup() as group:
                for load in loads.values():
                    group.create_task(load.run(viewers=2))
                for port in clouds.ports * (ROUNDS // 2) or clouds.ports[:1]:
                    await _one_is_killed(clouds, session, loads, port, served[port])
                for load in loads.values():
                    load.end()
        async with opened(lambda: database_of(database).store()) as store:
            for kid, load in loads.items():
                record = await store.kitchen(kid)
                assert record is not None
                # As at a cloud alone: a batch that is sent again after the end of the process that
                # took it may count twice.
                assert load.likes <= record.likes_total <= load.likes + load.twice
                kept = (await store.notes_after(kid, 0, limit=1_000_000, at=NOON)).notes
                assert [note.seq for note in kept] == list(range(1, record.head + 1))
                assert sorted(note.id for note in kept) == sorted(load.notes.values())


async def _one_is_killed(
    clouds: RoutedClouds,
    session: aiohttp.ClientSession,
    loads: dict[str, Load],
    port: int,
    kids: list[str],
) -> None:
    """Kill the cloud of `kids`; their devices and viewers go on at the other one."""
    where = f"{clouds.url}/v1/kitchens/{kids[0]}/events"
    query = {"boot_id": "boot-1", "dv": "1"}
    async with session.get(where, params=query, headers=bearer(TOKEN)) as reply:
        cursor = (await reply.json())["cursor"]
    query |= {"cursor": cursor, "wait": "30"}
    poll = asyncio.create_task(session.get(where, params=query, headers=bearer(TOKEN)))
    await asyncio.gather(*(load.acknowledgement() for load in loads.values()))
    await clouds.kill(port)
    async with asyncio.timeout(ON_WITHIN_S):
        await asyncio.gather(*(loads[kid].acknowledgement() for kid in kids if kid in loads))
    await _like(clouds, session, kids[0])
    async with await poll as told:
        # It was passed on to the other cloud, which knows the cursor.
        assert (told.status, (await told.json())["likes"]["delta"]) == (200, 1)
    if ROUNDS > 1:
        await clouds.start(port)
        await clouds.returned(session, port)


async def _each_address_of_a_kitchen_reaches_its_cloud(
    clouds: RoutedClouds, session: aiohttp.ClientSession, served: Mapping[int, list[str]]
) -> None:
    for port, kids in served.items():
        kid = kids[0]
        before = await clouds.requests(session)
        for path in (
            *(f"/k/{kid}", f"/k/{kid}/here", f"/embed/{kid}", f"/k/{kid}/card.png"),
            *(f"/k/{kid}/hours.ics", f"/v1/kitchens/{kid}", f"/v1/kitchens//{kid}"),
            f"/k/%{ord(kid[0]):x}{kid[1:]}",
        ):
            async with session.get(f"{clouds.url}{path}") as reply:
                assert reply.status < 500, path
                await reply.read()
        async with session.get(f"{clouds.url}/v1/kitchens/{kid}/live") as stream:
            await stream.content.readuntil(b"\n\n")
        async with session.ws_connect(f"{clouds.url}/k/{kid}/ws") as socket:
            await socket.receive()
        await _like(clouds, session, kid)
        rose = {p: n - before[p] for p, n in (await clouds.requests(session)).items()}
        assert rose == {p: 11 if p == port else 0 for p in served}


async def _forgotten_by_each_cloud(
    clouds: RoutedClouds, session: aiohttp.ClientSession, served: Mapping[int, list[str]]
) -> None:
    """What is bound to a viewer's token is in each cloud's memory, and one request deletes it."""
    token = ""
    for kids in served.values():
        token = await _like(clouds, session, kids[0], token)

    async def bound() -> int:
        count = 0
        for port in clouds.ports:
            where = f"http://127.0.0.1:{port}/v1/me"
            async with session.get(where, headers={HEADER: token}) as told:
                count += len((await told.json())["bound"])
        return count

    assert await bound() == len(clouds.ports)
    async with session.delete(f"{clouds.url}/v1/me", headers={HEADER: token}) as gone:
        assert gone.status == 204
    async with asyncio.timeout(WITHIN_S):  # nginx tells the others beside its answer
        while await bound():
            await asyncio.sleep(0.02)


async def _like(
    clouds: RoutedClouds, session: aiohttp.ClientSession, kid: str, token: str = ""
) -> str:
    """Like once; return the viewer's token."""
    async with session.post(
        f"{clouds.url}/v1/kitchens/{kid}/likes",
        json={"n": 1, "batch": str(uuid.uuid4())},
        headers={HEADER: token},
    ) as reply:
        assert reply.status == 202
        told: str = reply.headers[HEADER]
        return told


def _load(clouds: RoutedClouds, session: aiohttp.ClientSession, kid: str) -> Load:
    return Load(session, f"{clouds.url}/v1/kitchens/{kid}")
