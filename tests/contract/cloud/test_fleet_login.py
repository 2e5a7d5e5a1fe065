"""Operators: the real command, the real server, both databases."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from likelight.runtime.clock import utc_now
from likelight.web.http.proxies import TrustedProxies, proxy_network
from likelight_cloud.cli.main import main
from support.cloud_server import cloud_server

BEHIND = TrustedProxies([proxy_network("127.0.0.1")])
COOKIE = "__Host-likelight_operator"


@dataclass
class Desk:
    """A cloud that serves, and who types commands and forms."""

    session: aiohttp.ClientSession
    database: str
    capsys: pytest.CaptureFixture[str]
    late: list[timedelta]

    async def command(self, *words: str) -> tuple[int, str]:
        """Type `likelight-cloud operator` and `words`."""
        self.capsys.readouterr()
        done = await asyncio.to_thread(
            main, ["operator", words[0], "--database", self.database, *words[1:]]
        )
        said = self.capsys.readouterr()
        return done, said.out + said.err

    async def add(self, name: str, role: str = "reader") -> str:
        """Add an operator; return the token."""
        done, said = await self.command("add", name, "--role", role)
        assert done == 0
        return said.splitlines()[-1]

    async def log_in(self, token: str, place: str = "203.0.113.7") -> tuple[int, Any]:
        """Send the form; return the status, and the session as the browser sends it back."""
        headers = {"X-Forwarded-For": place}
        async with self.session.post(
            "/fleet/login", data={"token": token}, headers=headers, allow_redirects=False
        ) as reply:
            if COOKIE not in reply.cookies:
                return reply.status, reply.headers
            return reply.status, {"Cookie": f"{COOKIE}={reply.cookies[COOKIE].value}"}

    async def fleet(self, headers: Any) -> tuple[int, str]:
        """Open /fleet; return the status, and the page or where it leads."""
        async with self.session.get("/fleet", headers=headers, allow_redirects=False) as reply:
            return reply.status, reply.headers.get("Location") or await reply.text()


@pytest.fixture
async def desk(database: str, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Desk]:
    late = [timedelta(0)]
    async with (
        cloud_server(
            database, proxies=BEHIND, now=lambda: utc_now() + late[0], operator_header="Remote-User"
        ) as site,
        aiohttp.ClientSession(site.public, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Desk(session, database, capsys, late)


async def test_an_operator_is_named_and_a_token_is_printed_once(desk: Desk) -> None:
    assert "There is no operator" in (await desk.command("list"))[1]
    token = await desk.add("Kim@example.com", "operator")
    assert len(token) >= 43
    done, listed = await desk.command("list")
    assert (done, token in listed) == (0, False)
    assert listed.startswith("kim@example.com  operator, since ")
    (facts,) = json.loads((await desk.command("list", "--json"))[1])
    assert facts.keys() == {"name", "role", "added_at"}
    for words in (
        ("add", "kim@EXAMPLE.com", "--role", "reader"),
        ("add", "a b", "--role", "reader"),
    ):
        assert (await desk.command(*words))[0] == 2
    assert (await desk.command("remove", "alex"))[0] == 2
    with pytest.raises(SystemExit):  # no role by default
        await desk.command("add", "alex")


async def test_a_token_becomes_a_session_for_twelve_hours(desk: Desk) -> None:
    assert await desk.fleet({}) == (303, "/fleet/login")
    token = await desk.add("kim")
    async with desk.session.post(
        "/fleet/login", data={"token": f" {token} "}, allow_redirects=False
    ) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/fleet")
        assert reply.headers["Cache-Control"] == "no-store"
        set_cookie = reply.headers["Set-Cookie"]
        cookie = {"Cookie": set_cookie.partition(";")[0]}
    assert set_cookie.startswith(f"{COOKIE}=v1.")
    assert set(set_cookie.split("; ")[1:]) == {
        "HttpOnly",
        "Max-Age=43200",
        "Path=/",
        "SameSite=Strict",
        "Secure",
    }
    async with desk.session.get("/fleet", headers=cookie) as reply:
        assert reply.status == 200
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Robots-Tag"] == "noindex"
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert "kim, reader" in await reply.text()
    desk.late[0] = timedelta(hours=11, minutes=59)
    assert (await desk.fleet(cookie))[0] == 200
    desk.late[0] = timedelta(hours=12, minutes=1)
    assert (await desk.fleet(cookie))[0] == 303


async def test_a_removed_operator_s_session_ends_at_once(desk: Desk) -> None:
    token = await desk.add("kim")
    _, cookie = await desk.log_in(token)
    assert (await desk.fleet(cookie))[0] == 200
    await desk.command("remove", "kim")
    assert (await desk.fleet(cookie))[0] == 303
    await desk.add("kim")
    assert (await desk.fleet(cookie))[0] == 303, "the name is back, with another token"
    assert (await desk.log_in(token))[1]["Location"] == "/fleet/login?wrong=1"


async def test_a_session_that_was_changed_is_none(desk: Desk) -> None:
    (_, kim), (_, alex) = [await desk.log_in(await desk.add(name)) for name in ("kim", "alex")]
    version, name, end, mac = kim["Cookie"].partition("=")[2].split(".")
    other = alex["Cookie"].partition("=")[2].split(".")
    for forged in (
        f"{version}.{other[1]}.{end}.{mac}",
        f"{version}.{name}.{int(end) + 60}.{mac}",
        f"v2.{name}.{end}.{mac}",
        f"{version}.{name}.{end}.",
        f"{version}.{name}.{end}",
        f"{version}.%00.{end}.{mac}",
        "v1.AA.9.é",
        f"{version}.{name}.{end}000000\udcff.{mac}",
        "...",
    ):
        assert (await desk.fleet({"Cookie": f"{COOKIE}={forged}"}))[0] == 303, forged
    assert (await desk.fleet(kim))[0] == 200


async def test_five_wrong_tokens_a_minute_from_an_address(desk: Desk) -> None:
    token = await desk.add("kim")
    for _ in range(7):  # what succeeds does not count
        assert (await desk.log_in(token))[1].keys() == {"Cookie"}
    for _ in range(5):
        status, headers = await desk.log_in("wrong")
        assert (status, headers["Location"]) == (303, "/fleet/login?wrong=1")
    status, headers = await desk.log_in(token)
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 12
    assert (await desk.log_in(token, "203.0.113.8"))[1].keys() == {"Cookie"}
    browser = {"Accept": "text/html", "X-Forwarded-For": "203.0.113.7"}
    async with desk.session.post("/fleet/login", data={"token": "x"}, headers=browser) as reply:
        assert (reply.status, reply.content_type) == (429, "text/html")
        assert "Too many failed logins came from your address." in await reply.text()


async def test_another_site_can_not_send_the_form(desk: Desk) -> None:
    token = await desk.add("kim")
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    for path in ("/fleet/login", "/fleet/logout"):
        async with desk.session.post(path, data={"token": token}, headers=foreign) as reply:
            assert (reply.status, "Set-Cookie" in reply.headers) == (403, False)
    async with desk.session.post("/fleet/logout", allow_redirects=False) as reply:
        assert reply.headers["Location"] == "/fleet/login"
        assert "Max-Age=0" in reply.headers["Set-Cookie"]


async def test_the_page_takes_no_token_where_others_can_read_it(desk: Desk) -> None:
    for host, has_form in (("store-1.local", False), ("127.0.0.1", True)):
        async with desk.session.get("/fleet/login", headers={"Host": host}) as reply:
            text = await reply.text()
            assert ('name="token"' in text, "https only" in text) == (has_form, not has_form)


async def test_a_listed_proxy_names_operators_that_were_added(desk: Desk) -> None:
    await desk.add("kim@example.com", "operator")
    status, text = await desk.fleet({"Remote-User": "Kim@Example.com"})
    assert (status, "kim@example.com, operator" in text) == (200, True)
    assert (await desk.fleet({"Remote-User": "alex@example.com"}))[0] == 303
    twice = [("Remote-User", "kim@example.com"), ("Remote-User", "kim@example.com")]
    assert (await desk.fleet(twice))[0] == 303


async def test_a_header_counts_from_a_listed_proxy_only(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for proxies, header in ((None, "Remote-User"), (BEHIND, None)):
        async with (
            cloud_server(database, proxies=proxies, operator_header=header) as site,
            aiohttp.ClientSession(site.public) as session,
        ):
            desk = Desk(session, database, capsys, [])
            await desk.command("add", "kim", "--role", "reader")
            assert (await desk.fleet({"Remote-User": "kim"}))[0] == 303


def test_a_header_without_a_proxy_is_refused(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--database", database]) == 0
    serve = ["serve", "--database", database, "--port", "0", "--admin-port", "0"]
    assert main([*serve, "--operator-header", "Remote-User"]) == 2
    assert "needs --trusted-proxy" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*serve, "--operator-header", "Cookie"])
    assert re.search("can't be that header", capsys.readouterr().err)
