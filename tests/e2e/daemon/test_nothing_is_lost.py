"""kill -9 the whole demo at any instant while likes and notes arrive; start it again; count."""

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from support.demo import Demo, demo, free_port

KILLS = 20
CODES = ("heroes", "delicious")
"""Two codes, because waiting notes of one code are shown together, at a human pace."""


@dataclass
class Acknowledged:
    """What viewers were told is safe."""

    likes: int = 0
    highest_total: int = 0
    notes: list[str] = field(default_factory=list)


async def likes(running: Demo, promised: Acknowledged, rng: random.Random) -> None:
    while True:
        taps = {"n": rng.randint(1, 5), "batch": str(uuid.UUID(int=rng.getrandbits(128)))}
        path = f"{running.url}/v1/kitchens/demo/likes"
        async with running.client.post(path, json=taps) as reply:
            assert reply.status == 202
            answer = await reply.json()
        promised.likes += answer["accepted"]
        promised.highest_total = max(promised.highest_total, answer["total"])


async def notes(running: Demo, promised: Acknowledged, rng: random.Random) -> None:
    while True:
        headers = {"Idempotency-Key": f"{rng.getrandbits(128):032x}"}
        path = f"{running.url}/v1/kitchens/demo/notes"
        note = {"code": rng.choice(CODES)}
        async with running.client.post(path, json=note, headers=headers) as reply:
            assert reply.status == 201
            promised.notes.append((await reply.json())["id"])
        await asyncio.sleep(rng.uniform(0.05, 0.3))


async def viewer(promised: Acknowledged, what: object) -> None:
    try:
        await what  # type: ignore[misc]
    except aiohttp.ClientError:
        """The kill; what was not acknowledged was not promised."""


@pytest.mark.timeout(800)
async def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    """That a note is shown no more than twice around a kill is in test_window_in_crash.py."""
    rng = random.Random(20261121)
    promised = Acknowledged()
    port = free_port()
    for _ in range(KILLS):
        async with demo(tmp_path, port=port) as running, asyncio.TaskGroup() as viewers:
            viewers.create_task(viewer(promised, likes(running, promised, rng)))
            # What comes within a second is one commit, so several wait when the kill comes.
            for _ in range(4):
                viewers.create_task(viewer(promised, notes(running, promised, rng)))
            await asyncio.sleep(rng.uniform(0.0, 1.2))
            running.kill()
            await running.process.wait()

    assert promised.likes > KILLS
    assert len(promised.notes) > KILLS
    async with demo(tmp_path, port=port) as running:
        await running.until(
            lambda bench: (
                set(bench["notes_shown"]) >= set(promised.notes)
                and bench["likes_lit"] >= promised.likes
            ),
            seconds=150,
        )
        summary = await running.summary()
        for note in promised.notes:
            assert (await running.get(f"/v1/notes/{note}"))["state"] in ("shown", "thanked")
        assert summary["likes"]["total"] >= max(promised.likes, promised.highest_total)
        assert summary["lamp"]["lit_total"] == summary["likes"]["total"]
        gestures = [line for line in running.said() if "the lamp lit" in line.lower()]
        assert len(gestures) <= 1, "what was left over is one gesture"
