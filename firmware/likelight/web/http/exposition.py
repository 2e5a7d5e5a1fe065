"""Metrics as Prometheus reads them. Its library is 1 MB: import this late on a device."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.registry import Collector


def exposition(collector: Collector) -> web.Response:
    """Return all metrics of `collector`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return web.Response(
        body=generate_latest(registry),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )
