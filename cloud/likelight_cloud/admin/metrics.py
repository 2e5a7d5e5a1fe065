"""`/metrics`: the cloud in figures, for Prometheus. cloud/METRICS.md explains each.

No figure is of one kitchen or of one viewer. Everything is counted elsewhere in plain integers and
read here, at a scrape.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from likelight.web.http.exposition import exposition
from likelight_cloud.admin.request_counts import RequestCounts
from likelight_cloud.app import Cloud
from likelight_cloud.relay.relays import Relays
from likelight_cloud.signals.watch import SignalWatch
from likelight_cloud.signals.webhooks.sender import WebhookSender
from likelight_cloud.store.signals import SignalKind


class CloudMetrics(Collector):
    """Reads the cloud, its relays, its signals and the counted requests at each scrape."""

    def __init__(
        self,
        cloud: Cloud,
        relays: Relays,
        requests: RequestCounts,
        signals: SignalWatch,
        webhooks: WebhookSender,
    ) -> None:
        self._cloud = cloud
        self._relays = relays
        self._requests = requests
        self._signals = signals
        self._webhooks = webhooks

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now. Call it on the event loop."""
        yield from self._traffic()
        yield from self._kitchens()
        yield from self._streams()
        yield from self._fleet()

    def _traffic(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "likelight_cloud_requests", "Requests that were answered", labels=["route", "status"]
        )
        for labels, count in sorted(self._requests.answered.items()):
            requests.add_metric(labels, count)
        yield requests
        likes = self._cloud.likes
        yield CounterMetricFamily(
            "likelight_cloud_like_commits", "Commits that made likes durable", likes.commits
        )
        yield CounterMetricFamily(
            "likelight_cloud_likes", "Likes that are durable", likes.committed
        )
        yield GaugeMetricFamily(
            "likelight_cloud_ready", "1 while the database is open", self._cloud.ready.is_set()
        )

    def _kitchens(self) -> Iterator[Metric]:
        kitchens, now = self._cloud.loaded_kitchens(), asyncio.get_running_loop().time()
        yield GaugeMetricFamily(
            "likelight_cloud_polls",
            "Devices whose long poll is held",
            sum(kitchen.polled for kitchen in kitchens),
        )
        yield GaugeMetricFamily(
            "likelight_cloud_viewers",
            "Pages that somebody looks at",
            sum(kitchen.audience.count(now) for kitchen in kitchens),
        )
        yield GaugeMetricFamily(
            "likelight_cloud_event_streams",
            "Pages that follow the summary by server-sent events",
            self._cloud.event_streams,
        )

    def _streams(self) -> Iterator[Metric]:
        relays = self._relays.open_relays()
        yield GaugeMetricFamily("likelight_cloud_relays", "Kitchens with a relay", len(relays))
        yield GaugeMetricFamily(
            "likelight_cloud_uploads",
            "Devices that upload their feed",
            sum(relay.uploading for relay in relays),
        )
        watching: Counter[str] = Counter()
        for relay in relays:
            for protocol, traffic in relay.hub.traffic.items():
                watching[protocol] += traffic.viewers
            watching["hls"] += relay.hls.demand.h264
        viewers = GaugeMetricFamily(
            "likelight_cloud_relay_viewers", "Who watches at a relay", labels=["protocol"]
        )
        for protocol, count in sorted(watching.items()):
            viewers.add_metric([protocol], count)
        yield viewers

    def _fleet(self) -> Iterator[Metric]:
        signals = GaugeMetricFamily("likelight_cloud_signals", "Open signals", labels=["kind"])
        for kind in SignalKind:
            signals.add_metric([kind.value], self._signals.open[kind])
        yield signals
        tries = CounterMetricFamily(
            "likelight_cloud_webhook_tries", "Messages sent to webhooks", labels=["outcome"]
        )
        for outcome, count in sorted(self._webhooks.tries.items()):
            tries.add_metric([outcome], count)
        yield tries
        refused = CounterMetricFamily(
            "likelight_cloud_ingest_refused", "Events refused", labels=["source", "status"]
        )
        for (source, status), count in sorted(self._cloud.refused_events.items()):
            refused.add_metric([source, str(status)], count)
        yield refused


def metrics_route(metrics: CloudMetrics) -> web.RouteDef:
    """Return `GET /metrics`."""

    async def scrape(_: web.Request) -> web.Response:
        return exposition(metrics)

    return web.get("/metrics", scrape)
