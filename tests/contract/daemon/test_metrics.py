"""`/metrics`: what it counts is what happened, and METRICS.md documents all of it."""

import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import likelight
from likelight.contract import State
from likelight.daemon.metrics import FeedMetrics
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight_hw.ports import CameraPhase, CameraStatus
from support.feed import kitchen, now_us
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, encode, jpeg
from support.watcher import watcher

TABLE = Path(likelight.__file__).parents[1] / "METRICS.md"
HUNG = CameraStatus(CameraPhase.SILENT, "the camera has given no picture for 1 s", "K1")


class Scrape:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.families: list[Metric] = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float:
        (value,) = (
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        )
        return value

    def table(self) -> dict[str, tuple[str, set[str], set[str]]]:
        """Return type, labels and the values of labels by name, as the table tells them."""
        return {
            family.name + ("_total" if family.type == "counter" else ""): (
                family.type,
                {label for sample in family.samples for label in sample.labels} - {"le"},
                {
                    value
                    for sample in family.samples
                    for label, value in sample.labels.items()
                    if label != "le"
                },
            )
            for family in self.families
        }


async def scrape(hub: Hub) -> Scrape:
    """Serve the metrics of `hub`, and take them once."""
    metrics = FeedMetrics(
        hub,
        now_us=now_us,
        camera=lambda: HUNG,
        restarts=lambda: 3,
        uploading=lambda: True,
        outlets={"hls": lambda: 1},
    )
    app = web.Application()

    async def scrape(_: web.Request) -> web.Response:
        return metrics.exposition()

    app.add_routes([web.get("/metrics", scrape)])
    async with TestClient(TestServer(app)) as client, client.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        return Scrape(await response.text())


async def test_the_figures_are_what_happened() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        async with watcher(session, place) as viewer:
            place.roll(encode([CAMERA_SHADE] * 20))
            place.hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=now_us())
            await viewer.fragments(20)
            figures = await scrape(place.hub)
            received = sum(map(len, viewer.got.segments))
            late = encode([CAMERA_SHADE])[0]
            place.hub.publish(late.data, keyframe=True, captured_us=now_us() - 300_000)
            later = await scrape(place.hub)
        assert figures.value("likelight_fps") == 10
        assert figures.value("likelight_frames_total", kind="h264") == 20
        assert figures.value("likelight_frames_total", kind="jpeg") == 1
        assert figures.value("likelight_viewers", protocol="ws") == 1
        assert figures.value("likelight_viewers", protocol="mjpeg") == 0
        assert figures.value("likelight_viewers", protocol="hls") == 1
        assert received < figures.value("likelight_sent_bytes_total", protocol="ws")
        assert figures.value("likelight_skips_total", protocol="ws") == 0
        assert figures.value("likelight_camera_restarts_total") == 3
        assert figures.value("likelight_camera_phase", phase="silent") == 1
        assert figures.value("likelight_camera_trouble", code="K1") == 1
        assert figures.value("likelight_state", state="live") == 1
        assert figures.value("likelight_uploading") == 1
        assert figures.value("likelight_capture_to_send_seconds_count") == 20
        assert figures.value("likelight_capture_to_send_seconds_bucket", le="0.2") == 20
        assert later.value("likelight_frame_age_seconds") == pytest.approx(0.3, abs=0.1)
        assert later.value("likelight_capture_to_send_seconds_bucket", le="0.2") == 20
        assert later.value("likelight_capture_to_send_seconds_count") == 21


async def test_bytes_outlive_the_viewer_who_got_them() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        async with watcher(session, place) as viewer:
            await viewer.fragments(1)
        await place.demands.until(Demand())
        figures = await scrape(place.hub)
        assert figures.value("likelight_viewers", protocol="ws") == 0
        assert figures.value("likelight_sent_bytes_total", protocol="ws") > 0


async def test_the_table_has_every_metric_and_no_other() -> None:
    async with kitchen() as place:
        scraped = (await scrape(place.hub)).table()
    rows = {}
    for line in TABLE.read_text().splitlines():
        if found := re.match(r"\| `(likelight_\w+)` \| (\w+) \| (.*?) \|", line):
            name, kind, labels = found.groups()
            words = re.findall(r"`(\w+)`", labels)
            rows[name] = (kind, set(words[:1]), set(words[1:]))
    assert set(rows) == set(scraped)
    for name, (kind, labels, values) in scraped.items():
        assert rows[name][:2] == (kind, labels), name
        assert values <= rows[name][2], name
