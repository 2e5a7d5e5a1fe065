"""A device enrols with a code: the real command, the real server, both databases."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.main import main
from support.cloud import KID, bearer
from support.cloud_server import cloud_server
from support.upgrade_page import commands

DEVICE = {"serial": "10000000abcdef01", "sw": "1.4.0"}


@dataclass
class Office:
    """A cloud that serves, its operator, and devices that enrol."""

    session: aiohttp.ClientSession
    database: str
    capsys: pytest.CaptureFixture[str]

    async def code(self, kid: str = KID) -> str:
        """Have the operator draw a code."""
        self.capsys.readouterr()
        words = ["kitchen", "code", kid, "--database", self.database]
        assert await asyncio.to_thread(main, words) == 0
        return self.capsys.readouterr().out.splitlines()[-1]

    async def enrol(self, code: str, token: str = "own") -> tuple[int, Any]:
        """Ask as a device does whose token is `token`."""
        checksum = hashlib.sha256(token.encode()).hexdigest()
        return await self.ask({"code": code, "token_sha256": checksum, "device": DEVICE})

    async def ask(self, body: Any) -> tuple[int, Any]:
        """Send `body`, whatever it is."""
        async with self.session.post("/v1/enrol", json=body) as reply:
            return reply.status, await reply.json(content_type=None)

    async def poll(self, token: str) -> int:
        """Ask as the daemon does."""
        path = f"/v1/kitchens/{KID}/events?wait=0&boot_id=boot-1"
        async with self.session.get(path, headers=bearer(token)) as reply:
            return reply.status


@pytest.fixture
async def office(database: str, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Office]:
    async with cloud_server(database) as site, aiohttp.ClientSession(site.public) as session:
        yield Office(session, database, capsys)


async def test_a_device_enrols_with_a_code_and_its_own_token(office: Office) -> None:
    code = await office.code()
    assert len(code.replace("-", "")) * 5 >= 128
    assert await office.poll("own") == 401
    named = {"kid": KID, "name": "The demo kitchen"}
    assert await office.enrol(code) == (201, named)
    assert await office.poll("own") == 200
    # The reply was lost, and a person types it again, in another way.
    retyped = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert await office.enrol(retyped) == (201, named)
    assert await office.poll("own") == 200


async def test_a_broken_device_is_replaced_and_the_new_one_gets_what_waits(
    database: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def follow(part: str) -> str:
        """Type the commands of the cloud's server; return the last line that is said."""
        for line in commands(part):
            program, *words = line.replace("0421", KID).split()
            if program == "likelight-cloud":
                words = [word.replace("cloud.copy", str(tmp_path / "copy")) for word in words]
                assert await asyncio.to_thread(main, [*words, "--database", database]) == 0
        return capsys.readouterr().out.splitlines()[-1]

    async with cloud_server(database) as site, aiohttp.ClientSession(site.public) as session:
        office = Office(session, database, capsys)
        await office.enrol(await office.code(), "old")
        assert await office.poll("old") == 200
        note, key = {"code": "heroes"}, {"Idempotency-Key": "a-key"}
        async with session.post(f"/v1/kitchens/{KID}/notes", json=note, headers=key) as reply:
            waiting = (await reply.json())["id"]
        code = await follow("Replace a broken device")
        assert await office.poll("old") == 401
        assert (await office.enrol(code, "new"))[0] == 201
        path = f"/v1/kitchens/{KID}/events?wait=0&boot_id=boot-2"
        async with session.get(path, headers=bearer("new")) as reply:
            assert [note["id"] for note in (await reply.json())["notes"]] == [waiting]
        await follow("Move a device to another store")
        assert await office.poll("new") == 401
    # The second of the two needs a cloud that does not serve; the first does not mind.
    await follow("Back up, and put back")


async def test_a_code_that_is_used_unknown_or_replaced_is_refused(office: Office) -> None:
    code = await office.code()
    await office.enrol(code)
    status, problem = await office.enrol(code, "thief")
    assert (status, problem["type"]) == (409, "urn:likelight:problem:code")
    assert "Another device has used" in problem["detail"]
    assert await office.poll("thief") == 401
    await office.code()
    status, problem = await office.enrol(code, "thief")
    assert (status, problem["type"]) == (404, "urn:likelight:problem:code")
    assert "a newer one took its place" in problem["detail"]
    assert await office.poll("own") == 200


async def test_a_code_expires_after_ninety_days(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ahead = timedelta(0)
    async with (
        cloud_server(database, now=lambda: utc_now() + ahead) as site,
        aiohttp.ClientSession(site.public) as session,
    ):
        office = Office(session, database, capsys)
        code = await office.code()
        ahead = timedelta(days=90)
        status, problem = await office.enrol(code)
        assert (status, problem["type"]) == (410, "urn:likelight:problem:code")
        assert "older than 90 days" in problem["detail"]
        ahead = timedelta(days=89, hours=23)
        assert (await office.enrol(code))[0] == 201


async def test_what_is_no_request_to_enrol_is_said_without_the_code(office: Office) -> None:
    code = await office.code()
    good = {"code": code, "token_sha256": 64 * "a", "device": DEVICE}
    for changes in (
        {"code": code[:-1]},
        {"code": code[:-1] + "U"},
        {"code": 26 * "\u0660"},
        {"code": 200 * "1"},
        {"token_sha256": "ab"},
        {"token_sha256": 64 * "A"},
        {"device": {"serial": "two\nlines", "sw": "1"}},
        {"device": None},
    ):
        status, problem = await office.ask({**good, **changes})
        assert (status, problem["type"]) == (422, "urn:likelight:problem:invalid"), changes
        assert code[:9] not in problem["detail"]
    assert (await office.ask({**good, "later": "a key of a newer device"}))[0] == 201


async def test_who_tries_codes_has_to_wait(office: Office) -> None:
    wrong, tried = "0" * 26, 0
    while (reply := await office.enrol(wrong))[0] == 404:
        tried += 1
    # On a slow machine the minute goes on meanwhile.
    assert 30 <= tried < 100
    assert (reply[0], reply[1]["type"]) == (429, "urn:likelight:problem:limit")
