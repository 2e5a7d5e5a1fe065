"""What `likelight-cloud serve --log json` writes of a busy day: objects, no address, no token."""

import asyncio
import json
import re
import secrets
import signal
import sys
import uuid
from pathlib import Path

import aiohttp

from likelight_cloud.cli.main import main
from support.cloud import bearer
from support.waiting import WITHIN_S

ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}\]?")
LONGEST_WORD = 32
"""Of words that are not secret; tokens and cookies are longer."""


async def test_no_line_has_an_address_or_a_token(tmp_path: Path, capsys: object) -> None:
    database = str(tmp_path / "cloud.sqlite3")
    for words in (("init",), ("kitchen", "add", "k1", "One"), ("token", "new", "k1")):
        assert await asyncio.to_thread(main, [*words, "--database", database]) == 0
    token = capsys.readouterr().out.splitlines()[-1]  # type: ignore[attr-defined]
    command = ("serve", "--database", database, "--port", "0", "--admin-port", "0")
    server = await asyncio.create_subprocess_exec(
        # One address then may have 86 connections.
        *("prlimit", "--nofile=300", sys.executable, "-m", "likelight_cloud"),
        *(*command, "--log", "json"),
        *("--trusted-proxy", "127.0.0.1", "--public-url", "https://kitchens.example"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert server.stderr is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            first = json.loads(await server.stderr.readline())
        found = re.search(r"The cloud answers at (\S+:(\d+)), and", first["message"])
        assert found, first
        await busy(found[1], int(found[2]), token)
    finally:
        server.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            rest = (await server.stderr.read()).decode()
            await server.wait()
    lines = [json.loads(line) for line in rest.splitlines()]
    assert all(line.keys() == {"time", "level", "logger", "message"} for line in (first, *lines))
    told = " ".join(str(line["message"]) for line in lines)
    # What was provoked is told.
    for words in (
        "not an HTTP/1.1 request",
        "connections open",
        "A second poll for the kitchen k1",
    ):
        assert words in told, told
    assert not ADDRESS.search(told), told
    assert "Audit row 1 (sha256 " in told
    but_for_audit = re.sub(r"\(sha256 [0-9a-f]{64}\)", "", told)
    assert not re.search(rf"[\w-]{{{LONGEST_WORD},}}", but_for_audit), told


async def busy(url: str, port: int, token: str) -> None:
    """Do what makes a cloud write to its log, from the addresses of guests in the house."""
    kitchen = f"{url}/v1/kitchens/k1"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        guest = {"X-Forwarded-For": "192.168.178.23"}
        for origin in ("https://elsewhere.example", "https://kitchens.example"):
            body = {"n": 1, "batch": str(uuid.uuid4())}
            headers = {**guest, "Origin": origin, "Likelight-Viewer": secrets.token_urlsafe(32)}
            async with session.post(f"{kitchen}/likes", json=body, headers=headers) as reply:
                await reply.read()
        for bad in (token, secrets.token_urlsafe(32)):
            query = {"boot_id": "b", "wait": "0", "cursor": secrets.token_urlsafe(60)}
            async with session.get(f"{kitchen}/events", params=query, headers=bearer(bad)) as reply:
                assert reply.status in (400, 401)
        query = {"boot_id": "b", "wait": "0"}
        async with session.get(f"{kitchen}/events", params=query, headers=bearer(token)) as reply:
            cursor = (await reply.json())["cursor"]
        query = {"boot_id": "b", "wait": "30", "cursor": cursor, "dv": "1"}

        async def poll() -> int:
            poll = session.get(f"{kitchen}/events", params=query, headers=bearer(token))
            async with poll as reply:
                return reply.status

        async with asyncio.TaskGroup() as group:
            held = [group.create_task(poll()) for _ in range(2)]
            done, _ = await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
            assert done.pop().result() == 409
            for task in held:
                task.cancel()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"203.0.113.9 is no request\r\n\r\n")
        await writer.drain()
        writer.close()
        streams = []
        for _ in range(87):
            streams.append(await session.get(f"{kitchen}/live", headers=guest))
            if streams[-1].status == 429:
                break
        assert streams[-1].status == 429
        for stream in streams:
            stream.close()
