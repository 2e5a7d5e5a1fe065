"""Whose request it is behind proxies, whatever the headers say."""

import ipaddress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from likelight.web.http.client_address import client_of
from likelight.web.http.proxies import Address, TrustedProxies, prefix, proxy_network
from likelight.web.http.server import new_application

PROXIES = TrustedProxies(map(proxy_network, ("10.0.0.0/24", "2001:db8:f::1")))


def address(text: str) -> Address:
    return ipaddress.ip_address(text)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.9"], "192.0.2.1"),  # not a proxy of ours
        ("10.0.0.7", [], "10.0.0.7"),
        ("10.0.0.7", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.7", ["203.0.113.5, 198.51.100.9"], "198.51.100.9"),
        ("10.0.0.7", ["203.0.113.5", "198.51.100.9"], "198.51.100.9"),
        ("10.0.0.7", ["198.51.100.9,10.0.0.8"], "198.51.100.9"),
        ("10.0.0.7", ["203.0.113.5, 10.0.1.8, 10.0.0.8"], "10.0.1.8"),
        ("10.0.0.7", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ("2001:db8:f::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2:3:4:5:6"),
        ("10.0.0.7", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("10.0.0.7", ["198.51.100.9:4711"], "198.51.100.9"),
        ("10.0.0.7", ["::ffff:198.51.100.9"], "198.51.100.9"),
        ("10.0.0.7", ["fe80::1%eth0"], "fe80::1"),
        ("10.0.0.7", ["203.0.113.5, unknown"], "10.0.0.7"),
        ("10.0.0.7", ["203.0.113.5, , 10.0.0.8"], "10.0.0.8"),
        ("10.0.0.7", [""], "10.0.0.7"),
    ],
)
def test_the_last_address_that_is_no_listed_proxy_s_asks(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert PROXIES.client(address(peer), forwarded) == address(client)


def test_one_customer_has_an_ipv4_address_or_64_bits_of_an_ipv6_one() -> None:
    same = prefix(address("2001:db8:1:2:3:4:5:6"))
    assert same == prefix(address("2001:db8:1:2::"))
    assert same != prefix(address("2001:db8:1:3::"))
    assert prefix(address("192.0.2.1")) != prefix(address("192.0.2.2"))


@pytest.mark.parametrize("listed", ["", "127.0.0.1", "127.0.0.0/8"])
async def test_a_handler_learns_who_asks(listed: str) -> None:
    async def who(request: web.Request) -> web.Response:
        return web.Response(text=str(client_of(request)))

    proxies = TrustedProxies([proxy_network(listed)] if listed else [])
    app = new_application(proxies=proxies)
    app.add_routes([web.get("/", who)])
    async with TestClient(TestServer(app)) as client:
        for headers, told in ({}, "127.0.0.1"), ({"X-Forwarded-For": "192.0.2.1"}, "192.0.2.1"):
            async with client.get("/", headers=headers) as reply:
                assert await reply.text() == (told if listed else "127.0.0.1")


async def test_over_a_unix_socket_nobody_has_an_address(tmp_path: Path) -> None:
    async def who(request: web.Request) -> web.Response:
        return web.Response(text=str(client_of(request)))

    app = new_application(proxies=PROXIES)
    app.add_routes([web.get("/", who)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        path = str(tmp_path / "socket")
        await web.UnixSite(runner, path).start()
        connector = aiohttp.UnixConnector(path)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://x/", headers={"X-Forwarded-For": "192.0.2.1"}) as reply,
        ):
            assert await reply.text() == "None"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("text", ["", "proxy.example", "10.0.0.1/24", "10.0.0.0/33", "0.0.0.0/0"])
def test_what_lists_no_proxy_is_told_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not the address of a proxy; write one|is everybody"):
        proxy_network(text)
