"""What a monitor reads of a kitchen off the air: the same, whatever took it off.

A whole device with a viewer, scraped over its port.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from likelight.contract import State
from likelight.daemon.device import Device
from likelight_hw.sim.button import SimButton
from support.waiting import WITHIN_S
from support.whole import Whole, whole

Scrape = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def press(device: Device) -> None:
    button = device.hardware.privacy
    assert isinstance(button, SimButton)
    button.press()


SHUTS: dict[State, Callable[[Device], None]] = {
    State.PRIVATE: press,
    State.CLOSED: lambda device: device.permissions.hours.limit_to(None),
    State.OFF: lambda device: device.on_air.on_desired(False),
}


async def scrape(session: aiohttp.ClientSession, url: str) -> Scrape:
    """Return each figure of `/metrics` by name and labels, and `/healthz` beside them."""
    async with session.get(f"{url}/metrics") as reply:
        text = await reply.text()
    async with session.get(f"{url}/healthz") as reply:
        health = await reply.text()
    figures = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return {**figures, ("healthz", (("body", health),)): float(reply.status)}


def of_the_past(name: str) -> bool:
    """Whether a figure counts what happened while the kitchen was on the air."""
    return name.endswith(("_total", "_sum", "_count", "_bucket", "_frame_age_seconds"))


async def off_air(place: Whole, state: State) -> tuple[Scrape, Scrape]:
    """Bring a kitchen on the air and off it again; return two scrapes, 2 s apart, of a viewer's."""
    device = place.device
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{place.url}/k/demo/ws", max_msg_size=0) as socket,
        asyncio.TaskGroup() as group,
    ):

        async def read() -> None:
            async for _ in socket:
                pass

        reading = group.create_task(read())
        await place.until(lambda: device.on_air.state is State.LIVE)
        async with asyncio.timeout(WITHIN_S):
            while (await scrape(session, place.url))["likelight_fps", ()] == 0:
                await asyncio.sleep(0.05)
        SHUTS[state](device)
        await place.until(lambda: device.on_air.state is state)
        async with asyncio.timeout(WITHIN_S):
            # Until the last camera frames have left, and count as old.
            while (first := await scrape(session, place.url))["likelight_fps", ()] > 0:
                await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        second = await scrape(session, place.url)
        reading.cancel()
    return first, second


async def test_no_figure_and_no_reason_tells_why_a_kitchen_is_off_the_air(tmp_path: Path) -> None:
    told = {}
    for state in SHUTS:
        (tmp_path / state).mkdir()
        async with whole(tmp_path / state) as place:
            first, second = await off_air(place, state)
            assert second == first, "nothing moves while the kitchen is off the air"
            told[state] = {key: value for key, value in second.items() if not of_the_past(key[0])}
            assert told[state]["likelight_state", (("state", "off_air"),)] == 1
            assert told[state]["likelight_viewers", (("protocol", "ws"),)] == 1
            assert not any(word in str(told[state]) for word in ("private", "closed", "button"))
    assert told[State.PRIVATE] == told[State.CLOSED] == told[State.OFF]
