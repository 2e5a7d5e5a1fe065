"""A compressed body is refused before anything inflates, at every port."""

import asyncio
import gzip
from pathlib import Path

import aiohttp
import pytest

from support.cloud import KID, bearer, status
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S

BOMB = gzip.compress(b"\0" * 16_000_000)  # 16 KB
LIKES = f"/v1/kitchens/{KID}/likes"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "gzip, identity"])
async def test_every_address_refuses_a_compressed_body(tmp_path: Path, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding, **bearer()}
    async with cloud_server(tmp_path / "cloud.db") as site, aiohttp.ClientSession() as session:
        for url in (
            f"{site.public}{LIKES}",
            f"{site.public}/v1/kitchens/{KID}/status",
            f"{site.public}/no/such/address",
            f"{site.admin}/metrics",
        ):
            async with session.post(url, data=BOMB, headers=headers) as reply:
                assert reply.status == 415
                assert reply.content_type == "application/problem+json"
                assert reply.headers["Accept-Encoding"] == "identity"
        headers["Content-Encoding"] = "identity"
        async with session.post(
            f"{site.public}/v1/kitchens/{KID}/status", json=status(), headers=headers
        ) as reply:
            assert reply.status != 415


async def test_what_is_refused_was_not_inflated(tmp_path: Path) -> None:
    """Inflating would fail here and close the connection; read as it is, it is just some bytes."""
    no_gzip = b"x" * 20
    head = (
        f"POST {LIKES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(no_gzip)}\r\n\r\n"
    ).encode()
    async with cloud_server(tmp_path / "cloud.db") as site, asyncio.timeout(WITHIN_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        for _ in range(2):
            writer.write(head + no_gzip)
            assert (await reader.readuntil(b"\r\n")).split()[1] == b"415"
            await reader.readuntil(b"}")
        writer.close()
