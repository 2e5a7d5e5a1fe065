"""Under which names a device answers, and whose request it takes one for."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from likelight.config.settings import WebSettings
from likelight.daemon.listener import DeviceServer
from likelight.web.http.client_address import client_of
from likelight.web.http.server import listen
from support.waiting import WITHIN_S


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("kitchen.example", 200),
        ("Kitchen.Example:8443", 200),
        ("store-7.example", 200),
        ("192.168.1.20:8080", 200),
        ("elsewhere.example", 421),
    ],
)
async def test_a_device_answers_under_the_names_that_are_set(host: str, status: int) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response()

    settings = WebSettings(
        host="store-7.example", public_urls=("https://kitchen.example", "https://two.example")
    )
    with listen("127.0.0.1", 0) as listener:
        server = DeviceServer(
            lambda app: app.add_routes([web.get("/k/demo", page)]),
            settings,
            listener,
            on_open=lambda: None,
        )
        serving = asyncio.create_task(server.run())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/k/demo"
        async with aiohttp.ClientSession() as session, asyncio.timeout(WITHIN_S):
            async with session.get(url, headers={"Host": host}) as reply:
                assert reply.status == status
        serving.cancel()


async def test_a_device_takes_the_word_of_its_listed_proxies() -> None:
    async def who(request: web.Request) -> web.Response:
        return web.Response(text=str(client_of(request)))

    settings = WebSettings(trusted_proxies=("127.0.0.0/8",))
    with listen("127.0.0.1", 0) as listener:
        server = DeviceServer(
            lambda app: app.add_routes([web.get("/who", who)]),
            settings,
            listener,
            on_open=lambda: None,
        )
        serving = asyncio.create_task(server.run())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/who"
        headers = {"X-Forwarded-For": "198.51.100.9, 192.0.2.1"}
        async with aiohttp.ClientSession() as session, asyncio.timeout(WITHIN_S):
            async with session.get(url, headers=headers) as reply:
                assert await reply.text() == "192.0.2.1"
        serving.cancel()
