"""`/metrics`: the feed in figures, for Prometheus. METRICS.md explains each.

The parts count in plain integers, and a scrape reads them here; so a frame on its way to 500
viewers costs nothing more.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from aiohttp import web
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.meter import AGE_BOUNDS_US, OFF_AIR
from likelight.web.http.exposition import exposition
from likelight_hw.ports import CameraPhase, CameraStatus

_US = 1_000_000


class FeedMetrics(Collector):
    """Reads the hub, the camera and the outlets at each scrape.

    `restarts` returns how many camera processes were lost; `outlets` the viewers of each outlet of
    the hub, by protocol; `uploading` whether the relay gets the feed.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        now_us: Callable[[], int],
        camera: Callable[[], CameraStatus],
        restarts: Callable[[], int],
        uploading: Callable[[], bool],
        outlets: Mapping[str, Callable[[], int]],
    ) -> None:
        self._hub = hub
        self._now_us = now_us
        self._camera = camera
        self._restarts = restarts
        self._uploading = uploading
        self._outlets = outlets

    def exposition(self) -> web.Response:
        """Return all metrics as Prometheus reads them."""
        return exposition(self)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        yield from self._frames()
        yield from self._viewers()
        yield from self._states()

    def _frames(self) -> Iterator[Metric]:
        meter = self._hub.meter
        rate = meter.fps(self._now_us())
        yield GaugeMetricFamily("likelight_fps", "Camera frames a second, over 2 s", rate)
        frames = CounterMetricFamily(
            "likelight_frames", "Camera pictures that went out", labels=["kind"]
        )
        frames.add_metric(["h264"], meter.frames)
        frames.add_metric(["jpeg"], meter.pictures)
        yield frames
        yield GaugeMetricFamily(
            "likelight_frame_age_seconds",
            "Age of the newest frame when it had been written to all viewers",
            meter.age_us / _US,
        )
        bounds = [str(bound / _US) for bound in AGE_BOUNDS_US] + ["+Inf"]
        yield HistogramMetricFamily(
            "likelight_capture_to_send_seconds",
            "From the sensor's time stamp until a frame had been written to all viewers",
            buckets=list(zip(bounds, accumulate(meter.ages), strict=True)),
            sum_value=meter.ages_sum_us / _US,
        )

    def _viewers(self) -> Iterator[Metric]:
        viewers = GaugeMetricFamily("likelight_viewers", "Viewers now", labels=["protocol"])
        sent = CounterMetricFamily("likelight_sent_bytes", "Bytes sent", labels=["protocol"])
        skips = CounterMetricFamily(
            "likelight_skips", "Times a slow viewer jumped ahead", labels=["protocol"]
        )
        for protocol, traffic in self._hub.traffic.items():
            viewers.add_metric([protocol], traffic.viewers)
            sent.add_metric([protocol], traffic.sent)
            skips.add_metric([protocol], traffic.skips)
        for protocol, count in self._outlets.items():
            viewers.add_metric([protocol], count())
        yield from (viewers, sent, skips)

    def _states(self) -> Iterator[Metric]:
        camera = self._camera()
        yield CounterMetricFamily(
            "likelight_camera_restarts", "Camera processes lost or killed", self._restarts()
        )
        phases = GaugeMetricFamily(
            "likelight_camera_phase", "1 for the camera's present phase", labels=["phase"]
        )
        for phase in CameraPhase:
            phases.add_metric([phase.value], phase is camera.phase)
        yield phases
        trouble = GaugeMetricFamily(
            "likelight_camera_trouble", "1 while the camera has this trouble", labels=["code"]
        )
        if camera.code:
            trouble.add_metric([camera.code], 1)
        yield trouble
        states = GaugeMetricFamily(
            "likelight_state", "1 for what the camera does now", labels=["state"]
        )
        told = "off_air" if self._hub.state in OFF_AIR else self._hub.state.value
        for state in (State.LIVE, State.IDLE, "off_air", State.FAULT):
            states.add_metric([state], state == told)
        yield states
        yield GaugeMetricFamily(
            "likelight_uploading", "1 while the relay gets the feed", self._uploading()
        )
