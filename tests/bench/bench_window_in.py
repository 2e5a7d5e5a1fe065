"""What the window in costs: at rest, while the lamp moves, and from a note to the first pixel.

The lamp is our own code from the scene to the driver's arithmetic, on simulated and on mock pins;
the baseline of its share is an empty loop that wakes as often. The note goes through the whole
demo, from the viewer's request over the cloud and its long poll to the image on the simulated
panel, which takes no time of its own.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "daemon"))

from gpiozero.pins.mock import MockFactory, MockPWMPin
from test_idle import cpu_s, family

from likelight.appreciation.lamp.lamp import FRAME_S, Lamp
from likelight.runtime.clock import utc_now
from likelight_hw import registry
from likelight_hw.rpi import pins
from likelight_hw.wiring import LampWiring
from support.demo import Demo, demo

WIRINGS = {
    "simulated": LampWiring("sim"),
    "one LED by PWM": LampWiring("pwm", pin=12),
    "RGB by PWM": LampWiring("rgb", pins=(17, 27, 22)),
}


async def at_rest(running: Demo, seconds: float) -> None:
    await asyncio.sleep(5)
    processes = family(running.process.pid)
    before = cpu_s(processes)
    await asyncio.sleep(seconds)
    share = (cpu_s(processes) - before) / seconds
    print(f"at rest, daemon, camera and cloud: {share:.2%} of a core")


async def spent(work: Callable[[], Awaitable[int]]) -> tuple[float, int]:
    """Return the CPU seconds of this process while `work` runs, and what it returns."""
    before = time.process_time()
    count = await work()
    return time.process_time() - before, count


async def moving(wiring: LampWiring, seconds: float) -> float:
    """Return the share of a core that a lamp takes which moves at 50 Hz without a rest."""
    frames = 0

    def count(_: object) -> None:
        nonlocal frames
        frames += 1

    lamp = Lamp(
        registry.open_lights((wiring,), time.monotonic),
        now=utc_now,
        on_frame=count,
        on_lit=lambda total, at: None,
    )

    async def work() -> int:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(lamp.run())
            total = 0
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                total += 7
                lamp.likes(7, total)
                await asyncio.sleep(2.5)
            task.cancel()
        return frames

    cpu, shown = await spent(work)
    return cpu / shown / FRAME_S


async def empty(seconds: float) -> float:
    async def work() -> int:
        count = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(FRAME_S)
            count += 1
        return count

    cpu, wakes = await spent(work)
    return cpu / wakes / FRAME_S


async def first_pixel(running: Demo, notes: int) -> None:
    """Send notes one by one, each of other words, and time each until it is on the panel."""
    catalogue = await running.get("/v1/catalogue")
    codes = [note["code"] for note in catalogue["notes"]]
    times = []
    for number in range(notes):
        await running.until(lambda bench: bench["display"]["screen"] != "note", 60)
        code = codes[number % len(codes)]
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(
                running.until(lambda bench: bench["display"]["screen"] == "note")
            )
            async with running.client.post(
                f"{running.url}/v1/kitchens/demo/notes",
                json={"code": code},
                headers={"Idempotency-Key": str(uuid.uuid4())},
            ) as reply:
                reply.raise_for_status()
            await shown
        times.append((time.monotonic() - began) * 1000)
    print(
        f"a note, from the viewer's request to the panel: median {statistics.median(times):.0f} ms,"
        f" most {max(times):.0f} ms of {notes}"
    )


async def main(seconds: float, notes: int) -> None:
    baseline = await empty(seconds)
    with ExitStack() as stack:
        stack.enter_context(pins.use(MockFactory(revision="c03115", pin_class=MockPWMPin)))
        for name, wiring in WIRINGS.items():
            share = await moving(wiring, seconds)
            print(
                f"a lamp in motion at 50 Hz, {name}: {share:.2%} of a core, "
                f"{share / baseline:.1f} times an empty loop's"
            )
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder)) as running:
            await at_rest(running, seconds)
            await first_pixel(running, notes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="measured for each row")
    parser.add_argument("--notes", type=int, default=8)
    options = parser.parse_args()
    asyncio.run(main(options.seconds, options.notes))
