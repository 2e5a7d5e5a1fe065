"""A device shows a code, an operator confirms it: the real commands, the real server, both
databases."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.runtime.clock import utc_now
from likelight.web.http.proxies import TrustedProxies, proxy_network
from likelight_cloud.cli import pairing as pairing_command
from likelight_cloud.cli.main import main
from support.cloud import KID, bearer
from support.cloud_server import cloud_server

DEVICE = {"serial": "10000000abcdef01", "sw": "1.4.0"}
LIMIT, CODE = "urn:likelight:problem:limit", "urn:likelight:problem:code"
BEHIND = TrustedProxies([proxy_network("127.0.0.1")])


@dataclass
class Office:
    """A cloud that serves, its operator, and devices that ask to be paired."""

    session: aiohttp.ClientSession
    database: str
    capsys: pytest.CaptureFixture[str]

    async def command(self, *words: str) -> tuple[int, str]:
        """Have the operator type `likelight-cloud pairing` and `words`."""
        self.capsys.readouterr()
        done = await asyncio.to_thread(
            main, ["pairing", words[0], "--database", self.database, *words[1:]]
        )
        said = self.capsys.readouterr()
        return done, said.out + said.err

    async def begin(self, token: str = "own", place: str = "203.0.113.7") -> tuple[int, Any]:
        """Ask for a code as a device does whose token is `token`."""
        checksum = hashlib.sha256(token.encode()).hexdigest()
        return await self.ask({"token_sha256": checksum, "device": DEVICE}, place)

    async def ask(self, body: Any, place: str = "203.0.113.7") -> tuple[int, Any]:
        """Send `body`, whatever it is, from `place`."""
        headers = {"X-Forwarded-For": place}
        async with self.session.post("/v1/pairing", json=body, headers=headers) as reply:
            return reply.status, await reply.json(content_type=None)

    async def state(self, device_code: str) -> tuple[int, Any]:
        """Ask what became of a code."""
        async with self.session.get(f"/v1/pairing/{device_code}") as reply:
            return reply.status, await reply.json(content_type=None)

    async def poll(self, token: str) -> int:
        """Ask as the daemon does."""
        path = f"/v1/kitchens/{KID}/events?wait=0&boot_id=boot-1"
        async with self.session.get(path, headers=bearer(token)) as reply:
            return reply.status


@pytest.fixture
async def office(database: str, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Office]:
    async with (
        cloud_server(database, proxies=BEHIND) as site,
        aiohttp.ClientSession(site.public) as session,
    ):
        yield Office(session, database, capsys)


async def test_a_device_is_the_kitchen_that_the_operator_chooses(office: Office) -> None:
    status, offer = await office.begin()
    assert (status, offer["interval"], offer["expires_in"]) == (201, 5, 900)
    assert await office.state(offer["device_code"]) == (
        200,
        {"state": "pending", "kid": None, "name": None},
    )
    assert await office.poll("own") == 401
    done, listed = await office.command("list")
    assert (done, listed.count("\n")) == (0, 1)
    # First what the cloud has seen: what the device says of itself may be any words.
    assert listed.startswith("from 203.0.113.0/24, for 0 min ")
    assert listed.endswith(" s: serial number 10000000abcdef01, likelight 1.4.0\n")
    (facts,) = json.loads((await office.command("list", "--json"))[1])
    assert 0 <= facts.pop("age_s") < 60
    assert facts == {**DEVICE, "address_prefix": "203.0.113.0/24"}
    # As it was read out on the phone.
    typed = offer["user_code"].lower().replace("-", " ").replace("1", "l").replace("0", "o")
    done, said = await office.command("confirm", typed, KID)
    assert done == 0
    for words in (
        "The demo kitchen (demo)",
        DEVICE["serial"],
        "demo had a token before",
        "token revoke demo`, and at the device `sudo likelight pair`",
    ):
        assert words in said
    assert await office.poll("own") == 200
    assert await office.poll("the-device-token") == 200
    assert "No device waits" in (await office.command("list"))[1]
    # Typed again it changes nothing; another kitchen it is not made.
    assert await office.poll("own") == 200
    done, said = await office.command("confirm", typed, KID)
    assert (done, "had a token before" in said) == (0, False)
    done, said = await office.command("refuse", typed)
    assert (done, "is demo already" in said) == (2, True)


async def test_a_confirmation_whose_reply_was_lost_locks_nobody_out(office: Office) -> None:
    _, offer = await office.begin()
    await office.command("confirm", offer["user_code"], KID)
    # The device was switched off meanwhile, and knows its token, and no device_code.
    _, again = await office.begin()
    confirmed = {"state": "confirmed", "kid": KID, "name": "The demo kitchen"}
    assert await office.state(again["device_code"]) == (200, confirmed)


async def test_two_devices_show_two_codes_and_each_gets_its_own(office: Office) -> None:
    offers = [(await office.begin(token))[1] for token in ("one", "two")]
    assert offers[0]["user_code"] != offers[1]["user_code"]
    assert (await office.command("refuse", offers[1]["user_code"]))[0] == 0
    await office.command("confirm", offers[0]["user_code"], KID)
    assert (await office.state(offers[0]["device_code"]))[1]["state"] == "confirmed"
    assert (await office.state(offers[1]["device_code"]))[1]["state"] == "refused"
    done, said = await office.command("confirm", offers[1]["user_code"], KID)
    assert (done, "was refused before" in said) == (2, True)
    assert [await office.poll(token) for token in ("one", "two")] == [200, 401]


async def test_who_asks_sooner_than_the_interval_has_to_wait(office: Office) -> None:
    _, offer = await office.begin()
    assert (await office.state(offer["device_code"]))[0] == 200
    status, problem = await office.state(offer["device_code"])
    assert (status, problem["type"]) == (429, LIMIT)


async def test_a_code_ends_after_fifteen_minutes(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    late = timedelta(0)
    async with (
        cloud_server(database, now=lambda: utc_now() - late) as site,
        aiohttp.ClientSession(site.public) as session,
    ):
        office = Office(session, database, capsys)
        late = timedelta(minutes=15)
        _, offer = await office.begin()
        late = timedelta(0)
        status, problem = await office.state(offer["device_code"])
        assert (status, problem["type"]) == (404, CODE)
        done, said = await office.command("confirm", offer["user_code"], KID)
        assert (done, "older than 15 minutes" in said) == (2, True)
        assert (await office.state("unheard-of-device-code"))[0] == 404
        assert (await office.state("%C3%BC"))[0] == 404


async def test_wrong_codes_are_said_and_the_fifth_locks_their_operator(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, offer = await office.begin()
    for left in ("4", "3", "2", "1"):
        done, said = await office.command("confirm", "0000-0000", KID)
        assert done == 2
        assert "no device shows this code: it is mistyped" in said
        assert f"have to wait: {left}" in said
    for _ in range(2):
        done, said = await office.command("refuse", "0000-0000")
        assert (done, "five wrong codes came from you" in said) == (2, True)
    done, said = await office.command("confirm", offer["user_code"], KID)
    assert (done, "five wrong codes came from you" in said) == (2, True)
    assert await office.poll("own") == 401
    # Another one who has logged in.
    login = tmp_path / "loginuid"
    await asyncio.to_thread(login.write_text, "4711")
    monkeypatch.setattr(pairing_command, "LOGIN_ID", login)
    assert (await office.command("confirm", offer["user_code"], KID))[0] == 0


async def test_what_is_no_code_and_no_kitchen_is_said(office: Office) -> None:
    _, offer = await office.begin()
    done, said = await office.command("confirm", "K7QF-2MX", KID)
    assert (done, "has 8 letters and digits, and this has 7" in said) == (2, True)
    done, said = await office.command("confirm", offer["user_code"], "nowhere")
    assert (done, "there is no kitchen nowhere" in said) == (2, True)
    assert (await office.command("confirm", offer["user_code"], KID))[0] == 0


async def test_what_is_no_request_to_be_paired_is_said(office: Office) -> None:
    good = {"token_sha256": 64 * "a", "device": DEVICE}
    for changes in (
        {"token_sha256": "ab"},
        {"device": {"serial": "two\nlines", "sw": "1"}},
        {"device": None},
    ):
        status, problem = await office.ask({**good, **changes})
        assert (status, problem["type"]) == (422, "urn:likelight:problem:invalid"), changes
    assert (await office.ask({**good, "later": "a key of a newer device"}))[0] == 201


async def test_one_network_asks_for_thirty_codes_a_minute_and_keeps_a_hundred(
    office: Office,
) -> None:
    taken = 0
    while (reply := await office.begin(f"{taken}"))[0] == 201:
        taken += 1
    # On a slow machine the minute goes on meanwhile.
    assert 30 <= taken < 100
    assert (reply[0], reply[1]["type"]) == (429, LIMIT)
    for n in range(taken, 100):
        assert (await office.begin(f"{n}", f"203.0.113.{n}"))[0] == 201
    status, problem = await office.begin("one more", "203.0.113.200")
    assert (status, problem["type"]) == (429, LIMIT)
    assert "wait for an operator" in problem["detail"]
    assert (await office.begin("one more", "2001:db8::1"))[0] == 201
    assert "from 2001:db8::/64," in (await office.command("list"))[1]
