"""A whole device is broken in each way that the fleet's page has words for, and its sentence read.

The daemon, its cloud and their sockets are real, the clock is virtual; lamp, panel, buttons, camera
and the kernel's files are simulated.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from likelight.config.settings import Config
from likelight.contract import DeviceFinding, Status
from likelight.daemon import assembly
from likelight.daemon.device import Device
from likelight.daemon.hardware import DeviceHardware
from likelight.daemon.prepare import prepare
from likelight.fleet.doctor.checks import CHECKS
from likelight.fleet.doctor.own_look import OWN, OwnLook, no_command
from likelight.fleet.doctor.system import System
from likelight.gate.consent import Consent, write_consent
from likelight.runtime.clock_sync import BootClock
from likelight.runtime.troubles import Trouble
from likelight.web.http.server import listen
from likelight_cloud.fleet_page.words import OF_SIGNAL, SAME_AS, WORDS, words_of
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from likelight_hw.lamps.group import GovernedLamps, LampSlot
from likelight_hw.ports import (
    CameraPhase,
    CameraSink,
    CameraStatus,
    HardwareError,
    LightFrame,
    PlaceholderSpec,
)
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.indicator import SimIndicator
from likelight_hw.sim.lights import SimLights
from support.cloud import KID, TOKEN, status
from support.cloud_server import ServedCloud, cloud_server
from support.doctor import CLOCK_SET, KIT, PI_4
from support.machine import Machine
from support.virtual import run_virtual, virtual_now

OPERATOR = "an-operator-s-token"
QUIET = "quiet"
NOT_HERE = {
    "not-paired": "it can tell its cloud nothing, which says that it is offline",
    "pairing-refused": "the same",
    "cloud-offline": "the same",
    "cloud-refused": "the same",
    "catalogue": "only of one that an operator has asked for: its own tests have it",
    "cloud-store": "its cloud is inside, and has no operators",
}
"""What is not told here, and why."""

ZONE = "sys/class/thermal/thermal_zone0"
FLAGS = "/sys/devices/platform/soc/soc:firmware/get_throttled"
WIFI = "h\nh\n wlan0: 0000   50.  {}.  -256        0      0      0      0      0        0\n"
WELL: dict[str, str | bytes | int] = {
    **PI_4,
    **CLOCK_SET,
    f"/{ZONE}/type": "cpu-thermal",
    f"/{ZONE}/temp": "55000",
    FLAGS: "0",
    "/proc/mounts": "/dev/mmcblk0p2 / ext4 rw 0 0\n",
    "/proc/meminfo": "CmaTotal:         262144 kB\n",
    "/proc/net/route": "head\neth0 00000000 0102A8C0 0003 0 0 0 00000000 0 0 0\n",
    "/proc/net/wireless": WIFI.format(-60),
    "/sys/class/watchdog/watchdog0/state": "active",
    "/sys/fs/ext4/mmcblk0p2/errors_count": "0",
}
BROKEN: dict[str, str | bytes | int] = {
    "/proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    f"/{ZONE}/temp": "85000",
    FLAGS: "5",
    "/proc/mounts": "/dev/mmcblk0p2 / ext4 ro 0 0\n",
    "/proc/meminfo": "CmaTotal:          16384 kB\n",
    "/proc/net/route": "head\n",
    "/proc/net/wireless": WIFI.format(-88),
    "/sys/class/watchdog/watchdog0/state": "inactive",
    "/sys/fs/ext4/mmcblk0p2/errors_count": "3",
}


class StandIn:
    """A camera with a sensor, as far as anybody can tell. It streams when asked, and nothing."""

    def __init__(self, _: object) -> None:
        self.simulated = False
        self.restarts = 0
        self.status = CameraStatus(CameraPhase.STOPPED)
        self._sink: CameraSink | None = None

    async def run(self, sink: CameraSink, specs: Sequence[PlaceholderSpec]) -> None:
        self._sink = sink
        await asyncio.Event().wait()

    def tell(self, told: CameraStatus) -> None:
        self.status = told
        if self._sink is not None:
            self._sink.on_status(told)

    def start(self) -> None:
        if self.status.phase is CameraPhase.STOPPED:
            self.tell(CameraStatus(CameraPhase.STREAMING))

    def stop(self) -> None:
        if self.status.phase is CameraPhase.STREAMING:
            self.tell(CameraStatus(CameraPhase.STOPPED))

    def keyframe(self, *_: object) -> None: ...

    def renditions(self, wanted: object) -> None: ...

    def jpeg_rate(self, *_: object) -> None: ...

    def show_lamp(self, frame: LightFrame) -> None: ...


class Thumb(SimButton):
    """A button whose contact can be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = asyncio.Event()

    async def edges(self) -> AsyncGenerator[bool, None]:
        edges = super().edges()
        while not self.lost.is_set():
            edge, lost = (
                asyncio.ensure_future(anext(edges)),
                asyncio.ensure_future(self.lost.wait()),
            )
            try:
                await asyncio.wait((edge, lost), return_when=asyncio.FIRST_COMPLETED)
                if edge.done():
                    yield edge.result()
            finally:
                edge.cancel()
                lost.cancel()
        raise HardwareError("another program holds it")


class LostLight(SimIndicator):
    """An on-air light whose pin can be lost: then it can't even be switched off."""

    def set(self, on: bool) -> None:
        if self.broken:
            raise HardwareError("another program holds its pin")
        super().set(on)


class ClockThatWasSet(BootClock):
    def is_set(self) -> bool:
        return True


@dataclass
class Place:
    """A kitchen's device, its cloud, and an operator who reads `/v1/fleet/kitchens`."""

    site: ServedCloud
    operator: aiohttp.ClientSession
    root: Path
    state_dir: Path
    lights: SimLights = field(default_factory=SimLights)
    indicator: SimIndicator = field(default_factory=LostLight)
    display: SimDisplay = field(default_factory=SimDisplay)
    thanks: Thumb = field(default_factory=Thumb)
    privacy: Thumb = field(default_factory=Thumb)
    free_mb: int = 9000
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        slot = LampSlot(simulated=False, open=lambda: self.lights)
        lamps = GovernedLamps([slot], loop.time)
        self.hardware = DeviceHardware(
            lamps, True, self.indicator, self.display, self.thanks, self.privacy
        )

    def consent(self, review: date, now: datetime) -> None:
        write_consent(
            self.state_dir,
            Consent(kitchen=KID, signed_by="A", notice="1", recorded_at=now, review=review),
        )

    async def passes(self, seconds: float) -> None:
        """Let time pass, in which somebody watches and likes."""
        for _ in range(round(seconds / 20)):
            for path, body in (
                ("watching", {"view": "0" * 22}),
                ("likes", {"n": 1, "batch": str(uuid.uuid4())}),
            ):
                async with self.operator.post(f"/v1/kitchens/{KID}/{path}", json=body) as reply:
                    assert reply.status < 300
            await asyncio.sleep(20)

    async def reasons(self, kid: str = KID) -> dict[str, str]:
        """Return what to do, by why somebody is needed; each in one sentence."""
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        async with self.operator.get("/v1/fleet/kitchens", headers=headers) as reply:
            assert reply.status == 200
            kitchens = {one["kid"]: one for one in (await reply.json())["kitchens"]}
        told = {one["id"]: one["to_do"] for one in kitchens[kid]["reasons"]}
        for sentence in told.values():
            assert sentence[0].isupper(), sentence
            assert sentence.endswith("."), sentence
            assert ". " not in sentence, sentence
        return told


@asynccontextmanager
async def kitchen(folder: Path) -> AsyncIterator[tuple[Place, datetime]]:
    """Serve a cloud, and lay out the kitchen's files."""
    clock = virtual_now()
    now = clock()
    root, state_dir = folder / "root", folder / "state"
    await asyncio.to_thread(state_dir.mkdir)
    async with (
        cloud_server(folder / "cloud.db", now=clock) as site,
        aiohttp.ClientSession(site.public) as session,
    ):
        store = site.cloud.cloud.store
        await store.operators.add(Operator("kim", Role.READER, hashed(OPERATOR), now))
        await store.add_kitchen(QUIET, "Quiet", now - timedelta(days=9))
        place = Place(site, session, root, state_dir)
        localtime = {"/etc/localtime": "/usr/share/zoneinfo/Europe/Berlin"}
        well = Machine(WELL, links=localtime)
        await asyncio.to_thread(well.system, root, None)
        await asyncio.to_thread(place.consent, date(2027, 5, 31), now)
        yield place, now


@asynccontextmanager
async def living(place: Place, now: datetime) -> AsyncIterator[Device]:
    """Let the device live; its crew shares what it films."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    token = place.state_dir.parent / "token"
    await asyncio.to_thread(token.touch, 0o600)
    await asyncio.to_thread(token.write_text, TOKEN)
    config = await asyncio.to_thread(
        Config.model_validate,
        {
            "state_dir": place.state_dir,
            "cloud": {"url": place.site.public, "token_file": token},
            "kitchen": {"id": KID, "name": "A kitchen", "timezone": "UTC"},
            "camera": {"driver": "usb", "device": "/dev/video0"},
        },
    )
    # What the doctor reads: the same kitchen, wired to a Raspberry Pi that is a directory.
    wired = await asyncio.to_thread(
        Config.model_validate,
        {
            "state_dir": "/state",
            "cloud": {"url": "https://cloud.example"},
            "camera": {"driver": "picamera2"},
            "schedule": {"friday": "11:00-23:00"},
            **KIT,
        },
    )

    def system() -> System:
        machine = Machine(given={"free_mb": lambda _: place.free_mb, "run": no_command})
        return machine.system(place.root, wired)

    with await asyncio.to_thread(listen, "127.0.0.1", 0) as listener:
        prepared = await asyncio.to_thread(prepare, config, listener)
        prepared = replace(
            prepared,
            clock=ClockThatWasSet(place.state_dir),
            now=lambda: now + timedelta(seconds=loop.time() - began) + place.ahead,
        )
        async with (
            assembly.assemble(config, prepared, look=OwnLook(system)) as device,
            asyncio.TaskGroup() as group,
        ):
            running = group.create_task(device.run())
            await asyncio.sleep(1)
            place.privacy.press()
            yield device
            running.cancel()


def test_each_reason_is_broken_once_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, str] = {}
    earlier: dict[str, str] = {}

    async def scenario() -> None:
        async with kitchen(tmp_path) as (place, now):
            monkeypatch.setattr(assembly, "open_device_hardware", lambda _: place.hardware)
            monkeypatch.setattr(assembly, "CameraProcess", StandIn)
            async with living(place, now) as device:
                await asyncio.sleep(150)
                assert await place.reasons() == {}
                earlier.update(await the_doctor_tells(place, device))
                earlier.update(await a_copy_of_the_card_is_used(place))
                await asyncio.to_thread(files_break, place, now)
                place.lights.broken = True
                # A look comes 660 s after the one before, and a status 80 s later, at the latest.
                await place.passes(900)
                told.update(await place.reasons())
                assert told.keys() == {
                    *("lamp", "likes-not-lit", "interrupted", "consent"),
                    *(check.id for check in OWN),
                }
                place.indicator.broken = True
                # It is lit only while the cloud takes pictures, which it does now and then.
                while not device.on_air.light.trouble:
                    for _ in range(2):
                        place.privacy.press()
                        await place.passes(20)
                parts_break(place, device)
                await place.passes(140)
                told.update(await place.reasons())
                await silent_for_a_week(place)
                told.update(await place.reasons(QUIET))
            await asyncio.sleep(100)
            silent = await place.reasons()
            assert list(silent) == ["offline"]
            told.update(silent)
            await place.site.cloud.cloud.store.revoke_tokens(KID, hashed("another"))
            assert await place.reasons() == {}, "the box that is to come is not installed yet"

    run_virtual(scenario())
    of_cloud = {"offline", "interrupted", *(id for id, _ in OF_SIGNAL.values())}
    every = told.keys() | (earlier.keys() - SAME_AS.keys())
    assert every | NOT_HERE.keys() == WORDS.keys() | of_cloud


async def the_doctor_tells(place: Place, device: Device) -> dict[str, str]:
    """Let all fail that only somebody who runs the doctor there can see; then let all be well."""
    told: dict[str, str] = {}
    alone = {check.id for check in CHECKS} - {check.id for check in OWN} - {"daemon"}
    for ids in (alone - SAME_AS.keys(), alone & SAME_AS.keys(), frozenset[str]()):
        device.keep_findings(tuple(DeviceFinding(id=id, level="fail") for id in ids))
        await asyncio.sleep(150)
        now = await place.reasons()
        assert set(now.values()) == {words_of(id).to_do for id in ids}
        told.update(now)
    return told


async def a_copy_of_the_card_is_used(place: Place) -> dict[str, str]:
    """Let a second device come with the same token, until somebody switches it off."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    poll = f"/v1/kitchens/{KID}/events?boot_id=the-copy&wait=0"
    told: dict[str, str] = {}
    for times in range(1, 5):
        async with place.operator.get(poll, headers=headers) as reply:
            assert reply.status == 200
        # The crew's own asks again 60 to 75 s after it was refused, and may tell of it by chance.
        await asyncio.sleep(110)
        told = await place.reasons()
        assert times == 1 or "cloud-superseded" in told
    await asyncio.sleep(400)
    assert await place.reasons() == {}
    return told


def files_break(place: Place, now: datetime) -> None:
    """Break what the kernel and the crew's consent say."""
    Machine(BROKEN).system(place.root, None)
    for gone in ("run/systemd/timesync/synchronized", "etc/localtime"):
        (place.root / gone).unlink()
    place.free_mb = 300
    place.consent((now + timedelta(days=5)).date(), now)


def parts_break(place: Place, device: Device) -> None:
    """Break what else has words, all at once."""
    place.ahead = timedelta(minutes=3)
    place.display.broken = True
    place.thanks.hold()
    place.privacy.lost.set()
    camera = device.camera.process
    assert isinstance(camera, StandIn)
    camera.tell(CameraStatus(CameraPhase.FAILED, "no camera is connected", "K3"))
    for trouble in Trouble:
        if trouble not in NOT_HERE:
            device.troubles.set(trouble, True)


async def silent_for_a_week(place: Place) -> None:
    """Let the other kitchen report, to which nobody has sent anything since it was added."""
    store, clock = place.site.cloud.cloud.store, place.site.cloud.cloud.now
    camera = {"state": "idle", "since": clock(), "cause": "demand"}
    await store.put_status(QUIET, Status.model_validate(status(camera=camera)), clock())
    await asyncio.sleep(40)
