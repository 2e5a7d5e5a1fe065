"""One process after the other with the real gate, in a world where everything can fail.

A camera, a feed and a light that fail, a store that forgets nothing it took, a crew, a cloud, the
hours and a consent, all on the virtual clock. After each step, and in between, the frames that
left are held against the light.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from hypothesis import strategies as st

from likelight.appreciation.buttons.watched import WatchedButton
from likelight.contract import State
from likelight.gate.on_air import OnAir
from likelight.gate.privacy_button import PrivacyButton
from likelight_hw.ports import CameraPhase, CameraStatus, HardwareError
from likelight_hw.sim.button import SimButton
from support.virtual import run_virtual, virtual_now

FRAME_S = 0.030
"""Some 30 frames a second, and none in step with anything else."""


@dataclass
class StoryWorld:
    """What outlives a crash of the daemon: the disk, the light's pin, the hand on the button."""

    stored_private: bool = False
    disk_full: bool = False
    disk_slow: float = 0.005
    light_broken: bool = False
    light_sticks: bool = False
    light_works_at: float = float("-inf")
    """The gate switches a light that stuck off again within 5 s; lit is the safe side."""
    feed_fails: bool = False
    feed_works_at: float = float("-inf")
    pin: bool = False
    consented: bool = True
    is_open: bool = True
    desired: bool = True
    demand: bool = False
    now: Callable[[], datetime] = field(default_factory=virtual_now)
    log: list[tuple[float, str]] = field(default_factory=list)
    frames: list[tuple[float, bool]] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)

    def write(self, what: str) -> None:
        self.log.append((asyncio.get_running_loop().time(), what))


class Daemon:
    """One process: the real gate and button on the world's hardware, until it is killed."""

    def __init__(self, world: StoryWorld) -> None:
        self.world = world
        self.sensor_on = False
        self.phase = CameraPhase.STOPPED
        self.shown: State | None = None
        self.dead = self.ending = False
        self.button = SimButton()
        self.gate = OnAir(
            self,
            self,
            show=self.show,
            store_privacy=self.keep,
            on_change=lambda: None,
            now=world.now,
        )
        self.privacy = WatchedButton(
            "PRIVACY",
            self.button,
            PrivacyButton(self.gate),
            on_felt=lambda: None,
            on_trouble=lambda: None,
        )

    # The on-air light.
    simulated = True

    @property
    def lit(self) -> bool:
        return self.world.pin and not self.world.light_broken

    def set(self, on: bool) -> None:
        if self.dead:
            return
        if on and self.world.light_broken:
            raise HardwareError("no light on pin 23")
        if not on and self.world.light_sticks:
            raise HardwareError("the light's relay sticks")
        if not on and self.shown is State.LIVE and not self.ending:
            self.world.lies.append("the light went out before the gate had shut")
        if on is not self.world.pin:
            self.world.write("light on" if on else "light off")
        self.world.pin = on

    def close(self) -> None:
        self.set(False)

    # The camera.
    def start(self) -> None:
        if not self.lit:
            self.world.lies.append("the sensor started in the dark")
        self.sensor_on = True
        self.tell(CameraPhase.STARTING)
        asyncio.get_running_loop().call_later(0.05, self._streams)

    def stop(self) -> None:
        self.sensor_on = False
        self.world.write("shut")
        self.tell(CameraPhase.STOPPED)

    def tell(self, phase: CameraPhase) -> None:
        self.phase = phase
        if not self.dead:
            self.gate.on_camera(CameraStatus(phase))

    def _streams(self) -> None:
        if self.sensor_on and self.phase is CameraPhase.STARTING:
            self.tell(CameraPhase.STREAMING)

    # The feed.
    def show(self, state: State) -> None:
        if self.world.feed_fails and self.shown is State.LIVE:
            raise RuntimeError("the feed keeps its picture")
        self.shown = state

    def frame(self) -> None:
        """The sensor has a picture; it leaves when the gate is open and the feed says live."""
        if self.dead or not self.sensor_on or not self.gate.open:
            return
        if self.shown is State.LIVE and self.phase is CameraPhase.STREAMING:
            self.world.frames.append((asyncio.get_running_loop().time(), self.lit))
            self.world.write("frame")

    # The store.
    async def keep(self, private: bool) -> None:
        await asyncio.sleep(self.world.disk_slow)
        if self.world.disk_full:
            raise OSError("no space is left on the card")
        if not self.dead:
            self.world.stored_private = private

    async def live(self) -> None:
        """Run as the supervisor would: a gate that crashes is started again."""
        world, gate = self.world, self.gate
        gate.use_stored_privacy(private=world.stored_private)
        gate.on_consent(world.consented)
        gate.on_hours(world.is_open, None)
        gate.on_desired(world.desired)
        gate.on_demand(world.demand)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again(gate.run))
            group.create_task(self._again(self.privacy.run))
            group.create_task(self._film())

    async def _again(self, run: Callable[[], object]) -> None:
        while True:
            try:
                await run()  # type: ignore[misc]
            except (RuntimeError, ExceptionGroup):
                if self.ending:
                    return
                await asyncio.sleep(0.2)

    async def _film(self) -> None:
        while True:
            await asyncio.sleep(FRAME_S)
            self.frame()


class Story:
    """Runs daemons in a world, one after the other, and does to them what a step says."""

    def __init__(self) -> None:
        self.world = StoryWorld()
        self.daemon = Daemon(self.world)
        self.task: asyncio.Task[None] | None = None

    def begin(self, group: asyncio.TaskGroup) -> None:
        self.task = group.create_task(self.daemon.live())

    async def end(self, *, killed: bool) -> None:
        """End the process: in good order, or by SIGKILL, after which systemd darkens the pins.

        Nothing of a process leaves once it is dead, so its light may go out, whatever failed.
        """
        assert self.task is not None
        self.daemon.ending, self.daemon.dead = True, killed
        self.task.cancel()
        await asyncio.wait([self.task])
        if not (killed or self.world.light_sticks):
            self.daemon.close()
        self.daemon.dead = True
        if killed:
            self.world.pin = False
            self.world.write("light off")

    async def do(self, step: str, group: asyncio.TaskGroup) -> None:
        world, daemon = self.world, self.daemon
        world.write(step)
        match step:
            case "press":
                daemon.button.press()
            case "hold":
                daemon.button.hold()
            case "let go":
                daemon.button.release()
            case "watch" | "leave":
                world.demand = step == "watch"
                daemon.gate.on_demand(world.demand)
            case "consent" | "withdraw":
                world.consented = step == "consent"
                daemon.gate.on_consent(world.consented)
            case "open" | "close":
                world.is_open = step == "open"
                daemon.gate.on_hours(world.is_open, None)
            case "desire on" | "desire off":
                world.desired = step == "desire on"
                daemon.gate.on_desired(world.desired)
            case "refuse" | "admit":
                daemon.gate.on_admitted(step == "admit")
            case "break the light" | "repair the light":
                world.light_broken = step == "break the light"
            case "the light sticks" | "the light works":
                if world.light_sticks and step == "the light works":
                    world.light_works_at = asyncio.get_running_loop().time() + 5.0
                world.light_sticks = step == "the light sticks"
            case "fill the disk" | "empty the disk":
                world.disk_full = step == "fill the disk"
            case "a slow disk" | "a fast disk":
                world.disk_slow = 3.0 if step == "a slow disk" else 0.005
            case "the feed fails" | "the feed works":
                world.feed_fails = step == "the feed fails"
                # What crashed on it starts again a moment later, and again.
                world.feed_works_at = asyncio.get_running_loop().time() + 0.5
            case "camera silent" | "camera failed" | "camera streams":
                phase = {"silent": "silent", "failed": "failed", "streams": "streaming"}
                if daemon.sensor_on:
                    daemon.tell(CameraPhase(phase[step.split()[1]]))
            case "no button" | "a button":
                daemon.gate.on_privacy_button(step == "a button")
            case "restart" | "kill":
                await self.end(killed=step == "kill")
                world.write("a new process")
                self.daemon = Daemon(world)
                self.begin(group)

    def check(self) -> None:
        """What holds at every moment."""
        world, gate = self.world, self.daemon.gate
        if gate.open:
            assert gate.state in (State.LIVE, State.IDLE, State.FAULT)
        if world.feed_fails or asyncio.get_running_loop().time() < world.feed_works_at:
            return
        if self.daemon.shown is State.LIVE:
            assert gate.open
        if gate.wants_privacy or not (world.consented and world.is_open and world.desired):
            assert not gate.open
            assert self.daemon.shown is not State.LIVE
            retried = asyncio.get_running_loop().time() > world.light_works_at
            assert not self.daemon.lit or world.light_sticks or not retried


STEPS = (
    *("press", "hold", "let go", "watch", "leave", "consent", "withdraw", "open", "close"),
    *("desire on", "desire off", "refuse", "admit", "break the light", "repair the light"),
    *("the light sticks", "the light works", "fill the disk", "empty the disk", "a slow disk"),
    *("a fast disk", "the feed fails", "the feed works", "camera silent", "camera failed"),
    *("camera streams", "no button", "a button", "restart", "kill"),
    # What leads back on air, more often: a kitchen that is off has little to tell.
    *("press", "watch", "open", "consent", "desire on", "repair the light", "a button", "admit"),
)
PAUSES = st.sampled_from([0.0, 0.001, 0.04, 0.2, 0.6, 1.0, 1.1, 4.0, 11.0])


def tell(steps: list[tuple[str, float]]) -> StoryWorld:
    """Live through `steps`, a pause after each, and return what was seen."""
    worlds: list[StoryWorld] = []

    async def scenario() -> None:
        story = Story()
        worlds.append(story.world)
        async with asyncio.TaskGroup() as group:
            story.begin(group)
            await asyncio.sleep(0)
            await story.do("watch", group)
            await asyncio.sleep(0.3)
            for step, pause in steps:
                # A component whose call makes the gate fail crashes with it, and starts again.
                with suppress(RuntimeError):
                    await story.do(step, group)
                # An edge takes a turn of the loop or two to get from the contacts to the gate.
                for _ in range(5):
                    await asyncio.sleep(0)
                story.check()
                await asyncio.sleep(pause)
                story.check()
            await story.end(killed=False)
        assert not story.daemon.sensor_on
        if not story.world.light_sticks:
            assert not story.world.pin

    run_virtual(scenario())
    return worlds[0]


def hold_frames_against_the_light(world: StoryWorld, *, light_fails: bool) -> None:
    """No frame in the dark; the light first and last; a second between two times on air.

    The second counts from the gate's shutting: a feed that keeps its picture keeps the light on.
    """
    assert world.lies == []
    if not light_fails:
        assert all(lit for _, lit in world.frames)
    lit_since: float | None = None
    last_frame: float | None = None
    shut_at: float | None = None
    for at, what in world.log:
        if what == "light on":
            lit_since = at
            assert shut_at is None or at - shut_at >= 1.0 - 1e-6 or light_fails
        elif what == "frame":
            assert lit_since is not None
            assert at >= lit_since
            last_frame = at
        elif what == "light off":
            assert last_frame is None or at >= last_frame
            lit_since = None
        elif what == "shut":
            shut_at = at
        elif what == "a new process":
            shut_at = None
