"""The bench's routes over real HTTP, and what it reads from: the log and the changes."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from likelight.contract import MAX_BODY, State
from likelight.contract.problem import PROBLEM_JSON
from likelight.runtime.changes import Changes
from likelight.web.bench.log_lines import KEPT, LogLines
from likelight.web.bench.routes import BenchLamp
from support.serving import serving
from support.stub_bench import StubBench
from support.waiting import WITHIN_S


@pytest.fixture
async def bench() -> StubBench:
    return StubBench()


@pytest.fixture
async def client(bench: StubBench) -> AsyncIterator[ClientSession]:
    async with serving(bench.routes()) as url, ClientSession(url) as session:
        yield session


async def test_the_state_is_the_json_that_the_issue_names(
    bench: StubBench, client: ClientSession
) -> None:
    bench.move(on_air=True, camera=State.LIVE, likes_lit=7, notes_shown=("heroes",), viewers=2)
    async with client.get("/bench/state.json") as reply:
        assert reply.headers["Cache-Control"] == "no-store"
        assert await reply.json() == {
            "lamp": {"level": 0.15, "rgb": [255, 217, 160]},
            "on_air": True,
            "camera": "live",
            "display": {"width": 1024, "height": 600, "screen": "idle", "text": ["Hello"]},
            "likes_lit": 7,
            "notes_shown": ["heroes"],
            "viewers": 2,
            "phone": None,
            "cloud_page": None,
        }


async def test_the_display_is_a_png_of_now(client: ClientSession) -> None:
    async with client.get("/bench/display.png") as reply:
        assert reply.content_type == "image/png"
        assert reply.headers["Cache-Control"] == "no-store"
        assert (await reply.read()).startswith(b"\x89PNG")


@pytest.mark.parametrize("button", ["thanks", "privacy"])
async def test_a_press_reaches_the_button(
    bench: StubBench, client: ClientSession, button: str
) -> None:
    async with client.post("/bench/press", json={"button": button}) as reply:
        assert reply.status == 204
    assert bench.pressed == [button]


async def test_a_finger_comes_and_goes(bench: StubBench, client: ClientSession) -> None:
    for down in (True, False):
        press = {"button": "thanks", "down": down}
        async with client.post("/bench/press", json=press) as reply:
            assert reply.status == 204
    assert bench.pressed == ["thanks down", "thanks up"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"button": "self-destruct"}', {}, 422),
        (b'{"button": "thanks", "down": "very"}', {}, 422),
        (b'{"button": "thanks", "times": 2}', {}, 422),
        (b"[]", {}, 422),
        (b"{button", {}, 400),
        (b"\xff", {}, 400),
        (b"[" * 15_000, {}, 400),
        (b" " * (MAX_BODY + 1), {}, 413),
        (b'{"button": "privacy"}', {"Content-Type": "text/plain"}, 415),
        (b'{"button": "privacy"}', {"Sec-Fetch-Site": "cross-site"}, 403),
        (b'{"button": "privacy"}', {"Sec-Fetch-Site": "same-site"}, 403),
        (b'{"button": "privacy"}', {"Origin": "https://elsewhere.example"}, 403),
        (b'{"button": "privacy"}', {"Origin": "null"}, 403),
    ],
)
async def test_a_bad_press_is_a_problem_and_presses_nothing(
    bench: StubBench,
    client: ClientSession,
    body: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    headers = {"Content-Type": "application/json", **headers}
    async with client.post("/bench/press", data=body, headers=headers) as reply:
        assert reply.status == status
        assert reply.content_type == PROBLEM_JSON
        problem = await reply.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert bench.pressed == []


@pytest.mark.parametrize("same", ["Sec-Fetch-Site", "Origin"])
async def test_the_bench_itself_may_press(client: ClientSession, same: str) -> None:
    async with client.get("/bench/state.json") as reply:
        own = str(reply.url.origin())
    headers = {same: "same-origin" if same == "Sec-Fetch-Site" else own}
    async with client.post("/bench/press", json={"button": "thanks"}, headers=headers) as reply:
        assert reply.status == 204


async def next_event(reply: ClientResponse) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            line = await reply.content.readline()
            if line.startswith(b"data: "):
                told: dict[str, Any] = json.loads(line[6:])
                return told


async def test_the_stream_tells_everything_first_and_then_what_changed(
    bench: StubBench, client: ClientSession
) -> None:
    bench.happen("The kitchen demo is ready")
    async with client.get("/bench/live") as reply:
        first = await next_event(reply)
        assert [line["text"] for line in first["log"]] == ["The kitchen demo is ready"]
        assert first["state"]["lamp"]["level"] == 0.15

        bench.happen("The lamp lit for 3 likes")
        told = await next_event(reply)
        while not told["log"]:
            told = await next_event(reply)
        assert [line["text"] for line in told["log"]] == ["The lamp lit for 3 likes"]

        bench.show("note", "You are heroes")
        while told["display"] == first["display"]:
            told = await next_event(reply)
        assert told["state"]["display"]["text"] == ["You are heroes"]


async def test_a_swelling_lamp_is_reported_in_few_steps_and_ends_at_its_last(
    bench: StubBench, client: ClientSession
) -> None:
    async with client.get("/bench/live") as reply:
        await next_event(reply)
        for step in range(1, 101):
            bench.move(lamp=BenchLamp(level=step / 100, rgb=(255, 217, 160)))
        steps = 0
        level = 0.0
        while level < 1.0:
            level = (await next_event(reply))["state"]["lamp"]["level"]
            steps += 1
    assert steps <= 3


async def test_a_page_that_is_known_is_not_sent_again(client: ClientSession) -> None:
    async with client.get("/bench") as reply:
        assert reply.status == 200
        assert reply.content_type == "text/html"
        assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
        tag = reply.headers["ETag"]
    async with client.get("/bench", headers={"If-None-Match": tag}) as reply:
        assert reply.status == 304


async def test_a_file_that_is_not_there_is_404(client: ClientSession) -> None:
    async with client.get("/static/bench/..%2Fbench.py") as reply:
        assert reply.status == 404


async def test_every_listener_hears_of_every_change_from_any_thread() -> None:
    changes = Changes()
    heard = [asyncio.ensure_future(changes.wait_beyond(0)) for _ in range(3)]
    await asyncio.to_thread(changes.bump)
    async with asyncio.timeout(WITHIN_S):
        assert await asyncio.gather(*heard) == [1, 1, 1]
        assert await changes.wait_beyond(0) == 1


def test_the_newest_two_hundred_events_are_kept() -> None:
    rings: list[None] = []
    lines = LogLines(lambda: rings.append(None))
    logger = logging.getLogger("likelight.test-of-the-log")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(lines)
    try:
        logger.debug("not an event")
        for n in range(KEPT + 5):
            logger.info("Likes: %d", n)
    finally:
        logger.removeHandler(lines)
    kept = lines.lines()
    assert [line.n for line in kept] == list(range(6, KEPT + 6))
    assert kept[-1].text == f"Likes: {KEPT + 4}"
    assert kept[-1].level == "info"
    assert len(rings) == KEPT + 5


def test_a_line_whose_listener_fails_costs_nobody_who_logs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise RuntimeError("the bench is gone")

    lines = LogLines(fail)
    lines.handle(logging.makeLogRecord({"levelno": logging.INFO, "msg": "PRIVACY"}))
    assert [line.text for line in lines.lines()] == ["PRIVACY"]
    assert "the bench is gone" in capsys.readouterr().err
