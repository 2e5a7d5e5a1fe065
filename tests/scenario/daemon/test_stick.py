"""A USB stick's `likelight.txt`: the panel asks, and THANKS held takes it."""

import asyncio
from pathlib import Path
from typing import Any

from likelight.assets.crew_words import ENGLISH
from likelight.config.settings import Config, read_config
from likelight.daemon.boot_watch import BootWatch
from likelight.fleet.boot_volume.stick import look_at_stick, take_stick
from likelight.fleet.boot_volume.take import Places
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

OWN = {"store": "0421", "name": "Harbour", "language": "en", "cloud": "https://cloud.example"}
NETWORK = b"ssid = Kitchen\r\nsecurity = wpa2\r\npassphrase = open-sesame\r\n"


class Kitchen:
    """A device's panel, its THANKS, and the stick beside it."""

    def __init__(self, folder: Path, device: Device) -> None:
        etc, report, answer = folder / "etc", folder / "report.json", folder / "answer"
        self.places = Places(etc / "likelight.toml", etc, report, answer, folder / "sticks")
        self.folder = folder
        self.device = device
        self.restarts = 0
        self.watch = BootWatch(
            self.places.report,
            self.places.sticks,
            Config(state_dir=folder),
            device.window.questions,
            ENGLISH,
            self.places.answer,
            on_change=lambda *_: None,
            on_masks=lambda _: None,
            on_agreed=self._restarts,
        )

    def _restarts(self) -> None:
        self.restarts += 1

    async def plug(self, text: bytes, id: str = "sda1") -> None:
        await asyncio.to_thread(self._looks_at, self.folder / id, text)
        await asyncio.sleep(10)

    def _looks_at(self, stick: Path, text: bytes) -> None:
        stick.mkdir(exist_ok=True)
        (stick / "likelight.txt").write_bytes(text)
        look_at_stick(stick, self.places, OWN, ())

    async def pull(self, id: str = "sda1") -> None:
        """What the unit does then."""
        for end in ("json", "txt"):
            await asyncio.to_thread((self.places.sticks / f"{id}.{end}").unlink)
        await asyncio.sleep(10)

    async def reads(self) -> str:
        """Return all that the panel says within a minute."""
        said = dict[str, None]()
        for _ in range(120):
            said[" ".join(self.device.window.screen.text)] = None
            await asyncio.sleep(0.5)
        return " ".join(said)

    async def holds(self, seconds: float) -> None:
        """Hold THANKS, once the panel asks, or a minute has passed."""
        for _ in range(120):
            if "USB" not in " ".join(self.device.window.screen.text):
                await asyncio.sleep(0.5)
        self.device.thanks.hold()
        await asyncio.sleep(seconds)
        self.device.thanks.release()
        await asyncio.sleep(5)

    async def taken(self) -> tuple[str, bool, list[Path]]:
        """What the next start takes, the kitchen's name and whether there is a network; and what
        is then left of the sticks."""
        return await asyncio.to_thread(self._taken)

    def _taken(self) -> tuple[str, bool, list[Path]]:
        take_stick(self.places, OWN, ())
        file = self.places.config
        name = read_config(file).kitchen.name if file.exists() else ""
        return name, self.places.profile.exists(), list(self.places.sticks.iterdir())


def played(tmp_path: Path, body: Any) -> None:
    for made in ("etc", "sticks"):
        (tmp_path / made).mkdir()

    async def scenario() -> None:
        now = virtual_now()
        async with (
            Device(tmp_path / "device.db", ScriptedCloud(now), now).living() as device,
            asyncio.TaskGroup() as group,
        ):
            kitchen = Kitchen(tmp_path, device)
            watching = group.create_task(kitchen.watch.run())
            await asyncio.sleep(30)
            await body(kitchen)
            watching.cancel()

    run_virtual(scenario())


def test_the_panel_says_what_a_stick_would_change_and_thanks_held_takes_it(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen) -> None:
        await kitchen.plug(NETWORK + b"name = Port\r\nlanguage = de\r\nmasks = 0,0 1,0 1,1\r\n")
        said = await kitchen.reads()
        for words in ("Kitchen.", "Port.", "de.", "Other masks.", "Hold THANKS for 3 s."):
            assert words in said, said
        await kitchen.holds(2.5)
        assert (kitchen.restarts, (await kitchen.taken())[:2]) == (0, ("", False))
        await kitchen.holds(3.2)
        assert (kitchen.restarts, await kitchen.taken()) == (1, ("Port", True, []))
        await asyncio.sleep(10)
        assert "USB" not in await kitchen.reads()

    played(tmp_path, body)


def test_a_stick_that_is_pulled_before_the_end_of_the_hold_changes_nothing(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen) -> None:
        for seconds in (0.0, 2.0, 3.05):
            await kitchen.plug(NETWORK)
            assert "USB stick?" in await kitchen.reads()
            kitchen.device.thanks.hold()
            await asyncio.sleep(seconds)
            await kitchen.pull()
            kitchen.device.thanks.release()
            await asyncio.sleep(5)
            assert "USB stick?" not in await kitchen.reads()
            assert (kitchen.restarts, await kitchen.taken()) == (0, ("", False, [])), seconds

    played(tmp_path, body)


def test_of_two_sticks_none_is_asked_about_until_one_is_pulled(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen) -> None:
        await kitchen.plug(NETWORK)
        await kitchen.plug(b"name = Port\r\n", "sdb1")
        assert "USB stick?" not in await kitchen.reads()
        await kitchen.pull()
        assert "Port." in await kitchen.reads()
        await kitchen.holds(3.2)
        assert await kitchen.taken() == ("Port", False, [])

    played(tmp_path, body)


def test_what_can_not_be_kept_is_said_and_what_nobody_answers_is_asked_for_ten_minutes(
    tmp_path: Path,
) -> None:
    async def body(kitchen: Kitchen) -> None:
        await asyncio.to_thread(kitchen.places.answer.mkdir)
        await kitchen.plug(b"name = Port\r\n")
        await kitchen.holds(3.2)
        said = await kitchen.reads()
        assert "Memory card fault. Call IT, code D3. Name: Port." in said, said
        assert kitchen.restarts == 0
        await asyncio.sleep(600)
        assert "USB stick?" not in await kitchen.reads()
        await kitchen.holds(3.2)
        await asyncio.to_thread(kitchen.places.answer.rmdir)
        await kitchen.pull()
        await kitchen.plug(b"name = Port\r\n")
        await kitchen.holds(3.2)
        assert (kitchen.restarts, (await kitchen.taken())[0]) == (1, "Port")

    played(tmp_path, body)
