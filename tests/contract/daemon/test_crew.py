"""What the crew does, on the whole device over real sockets: THANKS, consent, opening hours."""

import asyncio
import json
import uuid
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.appreciation.sync.device_file import SyncState
from likelight.cli.main import main
from likelight.config.places import CONTROL_SOCKET
from likelight.config.settings import CameraSettings, Config, KitchenSettings, ScheduleSettings
from likelight.contract import Cause, Desired, State
from likelight.contract.schedule import WEEKDAYS
from likelight.daemon.demo_bench import make_bench
from likelight.runtime import clock_sync as timesync
from likelight.web.bench.log_lines import LogLines
from likelight.web.control.client import NotRunning, call
from likelight.web.control.messages import StatusAnswer
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.indicator import SimIndicator
from support.waiting import WITHIN_S
from support.whole import whole

IN_UTC = KitchenSettings(id="demo", name="A kitchen", timezone="UTC")


class Viewer:
    """A viewer's page: sends notes, asks after them, follows the summary."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def send(self, code: str) -> str:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        where = f"{self._url}/v1/kitchens/demo/notes"
        async with self._session.post(where, json={"code": code}, headers=headers) as reply:
            assert reply.status == 201
            note: str = (await reply.json())["id"]
            return note

    async def state_of(self, note: str) -> str:
        async with self._session.get(f"{self._url}/v1/notes/{note}") as reply:
            state: str = (await reply.json())["state"]
            return state

    async def until_summary(self, true: Any) -> dict[str, Any]:
        """Follow the page's event stream until a summary is `true`."""
        async with (
            asyncio.timeout(WITHIN_S),
            self._session.get(f"{self._url}/v1/kitchens/demo/live") as stream,
        ):
            async for line in stream.content:
                if line.startswith(b"data: "):
                    summary: dict[str, Any] = json.loads(line[6:])
                    if true(summary):
                        return summary
        raise AssertionError("the stream ended")


def a_browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def test_thanks_reach_the_page_of_every_viewer(tmp_path: Path) -> None:
    async with whole(tmp_path) as place, a_browser() as session, asyncio.TaskGroup() as group:
        await place.cloud_comes(group)
        assert isinstance(place.device.hardware.thanks, SimButton)
        viewer = Viewer(session, place.url)
        # One who writes again within 20 s is stopped: two viewers, then.
        async with a_browser() as other:
            notes = [await viewer.send("heroes"), await Viewer(other, place.url).send("hello")]
        await viewer.until_summary(lambda told: told["notes"]["shown"] == 2)

        place.device.hardware.thanks.press()
        await viewer.until_summary(lambda told: told["thanks"])
        assert [await viewer.state_of(note) for note in notes] == ["thanked"] * 2
        await place.cloud_goes()


async def test_thanks_said_while_the_cloud_is_away_reach_it_when_it_is_back(tmp_path: Path) -> None:
    async with whole(tmp_path) as place, a_browser() as session, asyncio.TaskGroup() as group:
        await place.cloud_comes(group)
        assert isinstance(place.device.hardware.thanks, SimButton)
        viewer = Viewer(session, place.url)
        note = await viewer.send("heroes")
        await viewer.until_summary(lambda told: told["notes"]["shown"] == 1)

        await place.cloud_goes()
        place.device.hardware.thanks.press()
        await place.until(lambda: place.device.window_in.screen.screen == "thanks")
        await place.cloud_comes(group)
        await viewer.until_summary(lambda told: told["thanks"])
        assert await viewer.state_of(note) == "thanked"
        await place.cloud_goes()


async def test_a_closed_kitchen_says_when_it_opens(tmp_path: Path) -> None:
    # Open for one minute a day, twelve hours from now.
    opens = (datetime.now(UTC) + timedelta(hours=12)).replace(second=0, microsecond=0)
    row = f"{opens:%H:%M}-{opens + timedelta(minutes=1):%H:%M}"
    settings = {
        "schedule": ScheduleSettings(**dict.fromkeys(WEEKDAYS, row)),
        "kitchen": IN_UTC,
    }
    async with (
        whole(tmp_path, **settings) as place,
        a_browser() as session,
        asyncio.TaskGroup() as group,
    ):
        await place.cloud_comes(group)
        viewer = Viewer(session, place.url)
        told = await viewer.until_summary(lambda told: told["state"] == "closed")
        assert datetime.fromisoformat(told["opens_at"]) == opens
        assert place.device.on_air.report.cause is Cause.SCHEDULE
        assert not place.device.on_air.open
        await place.cloud_goes()


async def listens(config: Config) -> None:
    """Wait until commands reach the device; it starts its parts in no order."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(NotRunning):
                socket = config.state_dir / CONTROL_SOCKET
                await asyncio.to_thread(call, socket, "GET", "/status", StatusAnswer)
                return
            await asyncio.sleep(0.02)


async def test_a_real_camera_waits_for_consent_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setattr(timesync, "SYNCHRONISED", tmp_path)

    async def likelight(*command: str) -> str:
        code = await asyncio.to_thread(main, ["consent", *command, "--state-dir", str(tmp_path)])
        assert code == 0
        return capsys.readouterr().out

    camera = CameraSettings(driver="usb", device=tmp_path / "no camera")
    async with (
        whole(tmp_path, camera=camera) as place,
        aiohttp.ClientSession() as session,
    ):
        on_air = place.device.on_air
        await place.until(lambda: place.device.permissions.consent.health is not None)
        assert (on_air.state, on_air.report.cause) == (State.OFF, Cause.CONSENT)

        await listens(place.config)
        review = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
        told = await likelight(
            "record", "--signed-by", "Ana Díaz", "--notice", "3", "--review", review
        )
        assert told.endswith("The crew's consent holds.\n")
        assert on_air.report.cause is not Cause.CONSENT
        async with session.get(f"{place.url}/healthz") as reply:
            health = await reply.text()
        assert "consent" in json.loads(health)["reasons"], "its review is due"
        details = json.dumps(asdict(place.device.health()), default=str)
        assert json.loads(details)["consent"] == {
            "status": "valid",
            "review": review,
            "review_due": True,
        }
        assert "Ana" not in health + details, "who signed is nobody's business"

        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "control.sock").symlink_to(place.config.state_dir / CONTROL_SOCKET)
        withdraw = ["consent", "withdraw", "--state-dir", str(elsewhere)]
        assert await asyncio.to_thread(main, withdraw) == 69
        said = capsys.readouterr()
        assert said.out == f"No consent is on record in {elsewhere}.\n"
        assert "still has a consent, kept elsewhere" in said.err

        told = await likelight("withdraw")
        assert "the crew's consent is not recorded" in told
        assert (on_air.state, on_air.report.cause) == (State.OFF, Cause.CONSENT)


async def test_health_names_what_is_lost_and_why(tmp_path: Path) -> None:
    async with whole(tmp_path) as place, aiohttp.ClientSession() as session:
        display, light = place.device.hardware.display, place.device.hardware.indicator
        assert isinstance(display, SimDisplay)
        assert isinstance(light, SimIndicator)

        async def lost() -> dict[str, str]:
            hardware = place.device.health().hardware  # first: more may be lost meanwhile
            async with session.get(f"{place.url}/healthz") as reply:
                reasons: list[str] = (await reply.json())["reasons"]
            assert {part.replace(" ", "-") for part in hardware} <= set(reasons)
            return hardware

        async with asyncio.timeout(WITHIN_S):
            while place.device.window_in.screen.screen == "blank":
                await asyncio.sleep(0.05)
        assert await lost() == {}
        display.broken = light.broken = True
        place.device.on_air.on_demand(True)  # somebody watches: a light is needed, and words
        async with asyncio.timeout(WITHIN_S):
            while len(await lost()) < 2:
                await asyncio.sleep(0.05)
        assert await lost() == {
            "display": "the simulated panel is broken; repair it",
            "on-air light": "the simulated on-air light is broken; repair it",
        }


async def test_what_the_cloud_switched_off_is_off_from_the_first_moment(tmp_path: Path) -> None:
    async with whole(tmp_path) as place:
        await place.store.keep(SyncState(desired=Desired(version=7, mode="off")))
    async with whole(tmp_path) as place:
        assert place.device.on_air.report.cause is Cause.DESIRED


async def test_a_finger_that_stays_on_the_bench_brings_the_last_note_back(tmp_path: Path) -> None:
    async with whole(tmp_path) as place, a_browser() as session, asyncio.TaskGroup() as group:
        await place.cloud_comes(group)
        bench = make_bench(
            place.device, LogLines(place.device.changes.bump), phone=None, cloud_page=None
        )
        assert bench is not None

        def screen() -> str:
            return place.device.window_in.screen.screen

        await Viewer(session, place.url).send("heroes")
        await place.until(lambda: screen() == "note")
        await place.until(lambda: screen() != "note")
        bench.hold("thanks")
        await place.until(lambda: screen() == "note")
        bench.release("thanks")
        assert await place.store.thanks() is None
        await place.cloud_goes()
