"""`likelight-cloud token rotate` while the cloud serves, on both databases: what a device, and who
has stolen its token, may say at each step."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.main import main
from likelight_cloud.store.base import Store
from likelight_cloud.trust.device import hashed
from support.cloud import KID, TOKEN, bearer
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S


@dataclass
class Office:
    """A cloud that serves, its operator, and whoever has a token."""

    session: aiohttp.ClientSession
    store: Store
    database: str
    capsys: pytest.CaptureFixture[str]

    async def type(self, *words: str, code: int = 0) -> str:
        """Run the operator's command; return what it said."""
        self.capsys.readouterr()
        assert await asyncio.to_thread(main, [*words, "--database", self.database]) == code
        said = self.capsys.readouterr()
        return said.err if code else said.out

    async def shown(self) -> tuple[Any, Any]:
        """Return how far the rotation is, for this kitchen and among all."""
        kitchen = json.loads(await self.type("kitchen", "show", KID, "--json"))
        assert (kitchen["rotation"] is None) == (kitchen["rotation_at"] is None)
        return kitchen["rotation"], json.loads(await self.type("status", "--json"))["rotations"]

    async def poll(self, token: str, boot_id: str = "boot-1", **query: str) -> tuple[int, Any]:
        """Ask as the daemon does."""
        path = f"/v1/kitchens/{KID}/events"
        params = {"wait": "0", "boot_id": boot_id, **query}
        async with self.session.get(path, params=params, headers=bearer(token)) as reply:
            return reply.status, await reply.json(content_type=None)

    async def bring(self, new: str, under: str = TOKEN) -> tuple[int, Any]:
        """Bring the checksum of a new token."""
        body = {"token_sha256": hashlib.sha256(new.encode()).hexdigest()}
        path = f"/v1/kitchens/{KID}/token"
        async with self.session.post(path, json=body, headers=bearer(under)) as reply:
            answer = await reply.json(content_type=None)
            assert reply.status != 200 or answer == body
            return reply.status, answer

    async def hears(self, token: str, *, rotate: bool) -> Any:
        """Poll until the device hears that it is asked, or no more; return all that it hears.

        The cloud takes in what a command has changed within 2 s.
        """
        async with asyncio.timeout(WITHIN_S):
            while True:
                status, body = await self.poll(token, dv="0")
                assert status == 200
                if body["desired"]["rotate"] is rotate:
                    return body["desired"]
                await asyncio.sleep(0.05)


@pytest.fixture
async def office(database: str, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Office]:
    async with cloud_server(database) as site, aiohttp.ClientSession(site.public) as session:
        yield Office(session, site.cloud.cloud.store, database, capsys)


async def test_a_device_that_is_asked_brings_its_own_token_and_the_old_one_ends(
    office: Office,
) -> None:
    assert await office.shown() == (None, {})
    before = await office.hears(TOKEN, rotate=False)
    assert "asked to change its token" in await office.type("token", "rotate", KID)
    assert await office.shown() == ("asked", {"asked": 1})
    asked = await office.hears(TOKEN, rotate=True)
    assert asked == {**before, "rotate": True, "version": before["version"] + 1}
    assert (await office.bring("new"))[0] == 200
    assert await office.shown() == ("half-way", {"half-way": 1})
    # The answer was lost: it is brought again, under either token, and that changes nothing.
    for under in (TOKEN, "new"):
        assert (await office.bring("new", under))[0] == 200
    after = await office.hears(TOKEN, rotate=False)
    assert after == {**before, "version": asked["version"] + 1}
    for token in ("new", TOKEN, "new"):
        assert (await office.poll(token))[0] == 200
    assert (await office.poll(TOKEN))[0] == 401
    assert (await office.bring("newer", TOKEN))[0] == 401
    assert await office.shown() == ("done", {"done": 1})
    assert "rotation: done; the new token alone is valid\n" in await office.type(
        "kitchen", "show", KID
    )
    assert "Rotations of tokens: 1 done\n" in await office.type("status")


async def test_nobody_brings_a_token_that_was_not_asked_for(office: Office) -> None:
    status, problem = await office.bring("new")
    assert (status, problem["type"]) == (409, "urn:likelight:problem:rotation")
    await office.type("token", "rotate", KID)
    assert (await office.bring("new"))[0] == 200
    assert (await office.bring("another"))[0] == 409, "one answer to each question"
    assert (await office.poll("another"))[0] == 401
    assert (await office.poll("new"))[0] == 200
    for body in ({}, {"token_sha256": "A" * 64}, {"token_sha256": 64 * "a" + "\n"}):
        path = f"/v1/kitchens/{KID}/token"
        async with office.session.post(path, json=body, headers=bearer(TOKEN)) as reply:
            assert reply.status == 422


async def test_a_device_that_never_answers_stays_asked_and_keeps_its_token(
    office: Office,
) -> None:
    await office.type("token", "rotate", KID)
    asked = await office.hears(TOKEN, rotate=True)
    again = await office.type("token", "rotate", KID)
    assert "is asked to change its token since 20" in again
    assert "the token in use stays valid" in again
    assert await office.hears(TOKEN, rotate=True) == asked
    assert "rotation: asked; the device has not answered yet" in await office.type(
        "kitchen", "show", KID
    )
    # Somebody goes there after all: that ends the question.
    new = (await office.type("token", "new", KID)).splitlines()[-1]
    await office.hears(TOKEN, rotate=False)
    assert (await office.bring("own"))[0] == 409
    for _ in range(2):
        assert (await office.poll(new))[0] == 200
    assert (await office.poll(TOKEN))[0] == 401
    assert (await office.shown())[0] == "done"


async def test_who_is_asked_again_half_way_is_never_locked_out(office: Office) -> None:
    await office.type("token", "rotate", KID)
    await office.bring("first")
    await office.type("token", "rotate", KID)
    assert (await office.shown())[0] == "asked"
    # The device has not heard that the first was taken; it brings the same, then another.
    assert (await office.bring("first"))[0] == 200
    await office.hears("first", rotate=True)
    assert (await office.bring("second", "first"))[0] == 200
    for token, status in ((TOKEN, 401), ("first", 200), ("second", 200)):
        assert (await office.poll(token))[0] == status
    assert (await office.poll("second"))[0] == 200
    assert (await office.poll("first"))[0] == 401


async def test_asked_again_the_question_stays_when_the_first_answer_is_used(
    office: Office,
) -> None:
    await office.type("token", "rotate", KID)
    await office.bring("first")
    await office.type("token", "rotate", KID)
    for _ in range(2):
        await office.poll("first")
    assert (await office.poll(TOKEN))[0] == 401
    assert (await office.shown())[0] == "asked"
    assert (await office.bring("second", "first"))[0] == 200


async def test_a_token_that_is_revoked_meanwhile_brings_no_new_one(office: Office) -> None:
    await office.type("token", "rotate", KID)
    revoked = (await office.type("token", "revoke", KID)).splitlines()[-1]
    assert (await office.bring("new"))[0] == 401
    await office.hears(revoked, rotate=False)
    assert await office.shown() == (None, {})
    await office.type("token", "rotate", KID)
    await office.bring("new", revoked)
    await office.type("token", "revoke", KID)
    assert (await office.poll("new"))[0] == 401, "half way, too"
    assert await office.shown() == (None, {})


async def test_a_stolen_token_that_also_polls_ends_with_the_rotation(office: Office) -> None:
    await office.type("token", "rotate", KID)
    thief = {"boot_id": "the-thief"}
    cursor = (await office.poll(TOKEN, **thief))[1]["cursor"]
    assert (await office.bring("new"))[0] == 200
    assert (await office.bring("the thief's"))[0] == 409
    assert (await office.poll("new"))[0] == 200
    assert (await office.poll(TOKEN, **thief))[0] == 200
    async with asyncio.TaskGroup() as group:
        held = group.create_task(office.poll(TOKEN, cursor=cursor, wait="30", **thief))
        # Each ends the other's poll: a 409 is an answer to a token that was taken, too.
        while (await office.poll(TOKEN, **thief))[0] == 200:
            assert (await office.poll("new"))[0] in (200, 409)
    assert held.result()[0] in (401, 409)
    assert (await office.poll("new"))[0] == 200


async def test_where_no_device_has_a_token_none_can_change_it(office: Office) -> None:
    await office.store.add_kitchen("new", "New", utc_now())
    told = await office.type("token", "rotate", "new", code=2)
    assert "no device of new has a token" in told
    assert "`likelight-cloud kitchen code new`" in told
    await office.store.add_token("new", hashed("first"), utc_now())
    assert "is asked" in await office.type("token", "rotate", "new")
