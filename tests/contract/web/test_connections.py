"""Many connections to a cloud that may open few files, unfriendly ones and honest ones.

With a limit of 300 files, 64 are the process's own, 32 the administrators', 32 those of connections
that are being turned away. Of the other 172, 32 are kept for devices, and 140 are everybody's; at
most 86 are one address's, at most 86 silent.
"""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from support.cloud import KID
from support.limited_cloud import Client, LimitedCloud, clients, limited_cloud

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="connects from many addresses of Linux's loopback"
)

STREAM = f"/v1/kitchens/{KID}/live"
SUMMARY = f"/v1/kitchens/{KID}"
EVENTS = f"/v1/kitchens/{KID}/events"
SOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


async def is_served(cloud: LimitedCloud, host: str = "127.0.0.1") -> None:
    """A new guest is answered, and so is the administrator."""
    for port, path in (
        (cloud.port, SUMMARY),
        (cloud.port, "/healthz"),
        (cloud.admin_port, "/readyz"),
    ):
        client = await Client.connect(port, host)
        assert await client.ask(path) == 200
        client.close()


async def test_hundreds_of_silent_sockets_take_nothing_from_viewers(tmp_path: Path) -> None:
    async with limited_cloud(tmp_path, files=300) as cloud, clients() as open_clients:
        viewer = await Client.connect(cloud.port)
        open_clients.append(viewer)
        assert await viewer.ask(f"/k/{KID}/ws", *SOCKET) == 101
        cloud.process.send_signal(signal.SIGSTOP)  # so that they all wait to be accepted at once
        silent = [Client.connect(cloud.port) for _ in range(600)]
        open_clients.extend(await asyncio.gather(*silent))
        cloud.process.send_signal(signal.SIGCONT)
        await is_served(cloud)
        assert await viewer.reader.read(1), "it still gets pictures"
        assert not viewer.reader.at_eof()
    assert len(cloud.said) == 1, cloud.said
    assert "86 connections have asked for nothing yet" in cloud.said[0]


async def test_one_address_that_asks_takes_half_and_no_more(tmp_path: Path) -> None:
    async with limited_cloud(tmp_path, files=300) as cloud, clients() as open_clients:
        answers: Counter[int] = Counter()
        for _ in range(300):
            client = await Client.connect(cloud.port, "127.0.0.2")
            open_clients.append(client)
            answers[await client.ask(STREAM, "Authorization: Bearer nobody's")] += 1
        assert answers == {200: 86, 429: 214}
        await is_served(cloud)
        for client in open_clients:
            client.close()
        again = await Client.connect(cloud.port, "127.0.0.2")
        open_clients.append(again)
        while await again.ask(SUMMARY) != 200:  # until the cloud has seen them go
            open_clients.append(again := await Client.connect(cloud.port, "127.0.0.2"))
    assert len(cloud.said) == 1, cloud.said
    assert "127.0.0.2 has 86 connections open" in cloud.said[0]
    assert "--trusted-proxy" in cloud.said[0]


async def test_many_addresses_that_ask_leave_the_process_what_it_needs(tmp_path: Path) -> None:
    async with limited_cloud(tmp_path, files=300) as cloud, clients() as open_clients:
        answers: Counter[int] = Counter()
        for number in range(300):
            client = await Client.connect(cloud.port, f"127.0.1.{number % 250}")
            open_clients.append(client)
            answers[await client.ask(STREAM)] += 1
        assert answers == {200: 140, 503: 160}
        token = f"Authorization: Bearer {cloud.token}"
        for path, headers, status in (
            (EVENTS, (), 200),
            (f"/v1/kitchens/{KID}/feed", SOCKET, 101),
        ):
            device = await Client.connect(cloud.port)
            open_clients.append(device)
            assert await device.ask(path, token, *headers) == status
        for path in ("/readyz", "/metrics"):
            administrator = await Client.connect(cloud.admin_port)
            open_clients.append(administrator)
            assert await administrator.ask(path) == 200
    assert len(cloud.said) == 1, cloud.said
    assert "All 140 connections" in cloud.said[0]


async def test_a_hundred_guests_at_one_address_are_not_refused(tmp_path: Path) -> None:
    """As many files as a shell gives; each guest watches, follows the summary and asks."""
    async with limited_cloud(tmp_path, files=1024) as cloud, clients() as open_clients:
        for _ in range(100):
            for path, headers, status in (
                (SUMMARY, (), 200),
                (STREAM, (), 200),
                (f"/k/{KID}/ws", SOCKET, 101),
            ):
                client = await Client.connect(cloud.port)
                open_clients.append(client)
                assert await client.ask(path, *headers) == status
    assert cloud.said == []


async def test_a_listed_proxy_carries_a_full_house_and_each_guest_counts(tmp_path: Path) -> None:
    listed = ("--trusted-proxy", "127.0.0.9")
    async with limited_cloud(tmp_path, *listed, files=300) as cloud, clients() as open_clients:

        async def through(proxy: str, guest: str) -> int:
            client = await Client.connect(cloud.port, proxy)
            open_clients.append(client)
            return await client.ask(STREAM, f"X-Forwarded-For: {guest}")

        house = [await through("127.0.0.9", f"198.51.100.{number}") for number in range(120)]
        assert house == [200] * 120
        assert [await through("127.0.0.9", "198.51.100.7") for _ in range(20)] == [200] * 20
        for client in open_clients:
            client.close()
        open_clients.clear()

    unlisted = tmp_path / "unlisted"
    unlisted.mkdir()
    async with limited_cloud(unlisted, files=300) as cloud, clients() as open_clients:
        house = [await through("127.0.0.9", f"198.51.100.{number}") for number in range(120)]
        assert house == [200] * 86 + [429] * 34
    assert "127.0.0.9 has 86 connections open" in cloud.said[0]


async def test_devices_have_no_cap_and_take_nothing_from_guests_beside_them(tmp_path: Path) -> None:
    async with limited_cloud(tmp_path, files=300) as cloud, clients() as open_clients:
        token = f"Authorization: Bearer {cloud.token}"
        for _ in range(100):
            device = await Client.connect(cloud.port)
            open_clients.append(device)
            assert await device.ask(EVENTS, token) in (200, 409)
        await is_served(cloud)
    assert cloud.said == []
