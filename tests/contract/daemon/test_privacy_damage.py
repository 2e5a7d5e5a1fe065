"""PRIVACY on the whole device after misfortune: one run for each class of damage.

Each run ends with a like that lights the lamp, a panel that says what to do, and one press that
shares again.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from likelight.config.settings import Config, KitchenSettings
from likelight.config.state_dir import held
from likelight.contract import State
from likelight.daemon import disk_watch
from likelight.daemon.prepare import prepare
from likelight.gate.marker import MARKER_FILE, Marker
from likelight.runtime.troubles import Trouble
from likelight_hw.sim.button import SimButton
from support.small_disk import fill
from support.waiting import until
from support.whole import Whole, whole

DEVICE = ("device.sqlite", "device.sqlite-wal", "device.sqlite-shm")


async def presses(place: Whole, then: State) -> None:
    """Press PRIVACY once the device reads its buttons; return when the kitchen is as expected."""
    device = place.device
    await place.until(lambda: "camera" not in device.health().waiting_for)
    button = device.hardware.privacy
    assert isinstance(button, SimButton)
    button.press()
    await place.until(lambda: device.on_air.state is then)


async def no_longer_shared(marker: Marker) -> None:
    """Return once the disk says that the kitchen does not share."""
    await until(lambda: asyncio.to_thread(lambda: not marker.says_shared))


async def a_night_in_privacy(state: Path) -> None:
    """A first day: the kitchen shares, then the crew presses PRIVACY, and the power goes."""
    marker = Marker(state / MARKER_FILE, "demo")
    async with whole(state) as place:
        assert place.device.on_air.state is State.IDLE, "a new device with a simulated camera"
        assert await asyncio.to_thread(lambda: marker.says_shared)
        await presses(place, State.PRIVATE)
        await no_longer_shared(marker)


async def comes_up_private_and_shares(state: Path, *, kitchen: str = "demo") -> None:
    settings = KitchenSettings(id=kitchen, name="A kitchen")
    async with whole(state, kitchen=settings) as place, asyncio.TaskGroup() as group:
        device = place.device
        assert device.on_air.state is State.PRIVATE
        async with (
            aiohttp.ClientSession(headers={"Sec-Fetch-Site": "same-origin"}) as session,
            session.get(f"{place.url}/k/{kitchen}/snapshot.jpg"),
        ):
            assert device.on_air.state is State.PRIVATE
            assert not device.hardware.indicator.lit
            await place.cloud_comes(group)
            lit = device.window_in.likes_lit
            like = {"n": 1, "batch": str(uuid4())}
            await place.reports()
            likes = f"{place.url}/v1/kitchens/{kitchen}/likes"
            async with session.post(likes, json=like) as reply:
                assert reply.status == 202
            await place.until(lambda: device.window_in.likes_lit > lit)
            assert device.on_air.state is State.PRIVATE
        await place.until(lambda: "Press again to share." in " ".join(device.window_in.screen.text))
        await presses(place, State.IDLE)
        await place.cloud_goes()


def each(*names: str) -> Callable[[Path, Callable[[Path], object]], None]:
    def do(state: Path, damage: Callable[[Path], object]) -> None:
        for name in names:
            with suppress(FileNotFoundError):
                damage(state / name)

    return do


def zero_a_sector(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(512)
        opened.write(bytes(512))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "store missing": lambda state: each(*DEVICE)(state, Path.unlink),
    "store empty": lambda state: each(*DEVICE)(state, lambda file: file.write_bytes(b"")),
    "store garbage": lambda state: each(DEVICE[0])(state, lambda f: f.write_bytes(b"\xa5" * 9000)),
    "store cut short": lambda state: each(DEVICE[0])(state, lambda file: os.truncate(file, 5000)),
    "a sector of the store zero": lambda state: each(DEVICE[0])(state, zero_a_sector),
    "store a directory": lambda state: (
        each(*DEVICE)(state, Path.unlink),
        (state / DEVICE[0]).mkdir(),
    )[-1],
    "store a FIFO": lambda state: (
        each(*DEVICE)(state, Path.unlink),
        os.mkfifo(state / DEVICE[0]),
    )[-1],
    "marker missing": lambda state: each(MARKER_FILE)(state, Path.unlink),
    "marker zero": lambda state: each(MARKER_FILE)(state, lambda f: f.write_bytes(bytes(512))),
    "marker and store missing": lambda state: each(MARKER_FILE, *DEVICE)(state, Path.unlink),
    "cloud missing, too": lambda state: each(MARKER_FILE, *DEVICE, "cloud.sqlite")(
        state, Path.unlink
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_what_is_damaged_leaves_a_kitchen_private_and_alive(
    tmp_path: Path, damage: str
) -> None:
    await a_night_in_privacy(tmp_path)
    await asyncio.to_thread(DAMAGES[damage], tmp_path)
    await comes_up_private_and_shares(tmp_path)


@pytest.mark.parametrize(
    "damage", ["nothing", "store missing", "marker zero", "cloud missing, too"]
)
async def test_a_lost_choice_is_said_in_the_log_with_what_to_do_whichever_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    said = {}
    for choice in (State.IDLE, State.PRIVATE):
        state = tmp_path / choice
        state.mkdir()
        async with whole(state) as place:
            if choice is State.PRIVATE:
                await presses(place, State.PRIVATE)
                marker = Marker(state / MARKER_FILE, "demo")
                await no_longer_shared(marker)
        if damage != "nothing":
            await asyncio.to_thread(DAMAGES[damage], state)
        caplog.clear()
        async with whole(state) as place:
            assert place.device.on_air.wants_privacy is (
                (choice, damage) != (State.IDLE, "nothing")
            )
        said[choice] = [
            one.getMessage().replace(str(state), "")
            for one in caplog.records
            if one.name == "likelight.daemon.assembly"
        ]
    assert said[State.IDLE] == said[State.PRIVATE], "it tells of no press"
    assert len(said[State.IDLE]) == (damage != "nothing")
    assert all("private until somebody presses PRIVACY" in line for line in said[State.IDLE])


async def test_a_card_from_another_kitchen_is_private(tmp_path: Path) -> None:
    async with whole(tmp_path) as place:
        assert place.device.on_air.state is State.IDLE, "the crew there shared"
    await comes_up_private_and_shares(tmp_path, kitchen="bistro-7")


async def test_a_press_on_a_full_disk_holds_and_the_device_says_that_it_is_full(
    small_disk: Path,
) -> None:
    marker = Marker(small_disk / MARKER_FILE, "demo")
    async with whole(small_disk) as place:
        assert place.device.on_air.state is State.IDLE
        await asyncio.to_thread(fill, small_disk)
        await presses(place, State.PRIVATE)
        await no_longer_shared(marker)
        await place.until(lambda: "disk-full" in place.device.health().reasons)
        # What a power cut leaves.
        left = await asyncio.to_thread(
            lambda: shutil.copytree(
                small_disk,
                small_disk.parent / "left",
                ignore=shutil.ignore_patterns("filler", "*.sock"),
            )
        )
    await comes_up_private_and_shares(left)


def test_a_disk_on_which_no_database_can_begin_is_full_and_not_broken(small_disk: Path) -> None:
    fill(small_disk)
    filler = small_disk / "filler"
    os.truncate(filler, filler.stat().st_size - 16 * 2**10)
    assert disk_watch.disk_state(small_disk).full
    filler.unlink()
    assert disk_watch.disk_state(small_disk) == disk_watch.DiskState()


async def test_a_disk_that_is_read_only_is_said_and_a_start_from_it_is_private(
    small_disk: Path,
) -> None:
    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(small_disk)], check=True)

    async with whole(small_disk):
        pass
    await asyncio.to_thread(remount, "ro")
    async with whole(small_disk) as place, aiohttp.ClientSession() as session:
        await place.until(lambda: "code D2." in " ".join(place.device.window_in.screen.text))
        async with session.get(f"{place.url}/healthz") as reply:
            assert reply.status == 200
            health = await reply.json()
        assert health["status"] == "degraded"
        assert "disk-read-only" in health["reasons"]
    await comes_up_private_and_shares(small_disk)


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[Path]:
    """An ext4 of its own: only its own errors make a disk read-only under a running device."""
    image, disk = tmp_path / "image", tmp_path / "disk"
    with image.open("wb") as opened:
        opened.truncate(16 << 20)
    disk.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    mount = ["mount", "-o", "loop", str(image), str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this needs the right to mount a disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_a_disk_that_fails_under_a_running_device_is_said(
    failing_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_watch, "LOOK_AGAIN_S", 0.05)
    state = failing_disk / "state"
    abort = ["mount", "-o", "remount,abort", str(failing_disk)]
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, held(state))
        async with whole(state) as place:
            assert "disk-read-only" not in place.device.health().reasons
            await asyncio.to_thread(subprocess.run, abort, check=True)
            await place.until(lambda: "disk-read-only" in place.device.health().reasons)
            await place.until(lambda: "code D2." in " ".join(place.device.window_in.screen.text))


async def test_a_new_device_on_a_disk_that_takes_nothing_blames_the_disk_and_no_setting(
    small_disk: Path,
) -> None:
    read_only = ["mount", "-o", "remount,ro", str(small_disk)]
    await asyncio.to_thread(subprocess.run, read_only, check=True)
    config = Config.model_validate({"state_dir": small_disk / "not-made-yet"})
    prepared = await asyncio.to_thread(prepare, config, None)
    assert Trouble.STATE_DIR not in prepared.troubles, "the disk is said, by its own watch"
