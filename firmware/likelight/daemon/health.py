"""How the device is: a snapshot, what `/healthz` and `/readyz` say of it to anybody, and all of it.

`/healthz` and `/readyz` are for a monitor and for systemd; the control socket's `/health` has the
details, for `likelight doctor`. Read-only. Neither tells whether the crew pressed PRIVACY.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial

from aiohttp import web

from likelight import __version__
from likelight.appreciation.buttons.watched import ButtonTrouble
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import MAX_FINDINGS, DeviceFinding
from likelight.daemon.push import PushStatus
from likelight.gate.consent import ConsentStatus
from likelight.gate.consent_watch import ConsentHealth
from likelight.runtime.supervisor import ComponentHealth, Condition
from likelight.runtime.troubles import Trouble

WINDOW_IN = "window in"
POLL = "poll"
"""The components that poll the cloud and tend the panel."""
LAMP = "lamp"
DISPLAY = "display"
_WARNED = {
    Trouble.BOOT_TEXT,
    Trouble.LANGUAGE,
    Trouble.BRAND_NOTES,
    Trouble.PUSH_URL,
    Trouble.STORE_DAMAGED,
    "push",
    "catalogue",
}
"""What leaves lamp, panel, buttons and picture as they are."""
_FINE = (CloudConnection.STARTING, CloudConnection.CONNECTED)


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A snapshot: the device's troubles, every component's health, what start-up waits for."""

    kitchen: str
    troubles: tuple[Trouble, ...]
    components: dict[str, ComponentHealth]
    cloud: CloudConnection
    camera: str
    camera_reason: str | None
    camera_code: str | None
    """The short code that the crew's display shows for the reason."""
    camera_restarts: int
    waiting_for: tuple[str, ...]
    pairing_code: str | None = None
    """What an operator confirms this device by, while it is not paired."""
    obstacle: str | None = None
    """The code of what keeps the device from its cloud, and must be mended first."""
    offline: bool = False
    """Nothing good came from the cloud for 90 s, whatever the reason."""
    push: PushStatus | None = None
    """None where no push is configured."""
    consent: ConsentHealth | None = None
    """None where no consent is needed, and before the record was read."""
    buttons: dict[str, ButtonTrouble | None] = field(default_factory=dict)
    catalogue: str = ""
    """Why the device does not show the notes that the cloud asks for; else empty."""
    hardware: dict[str, str] = field(default_factory=dict)
    """Which of lamp, display and on-air light do not work, and why; the rest of the device does."""

    @property
    def well(self) -> bool:
        """False when something critical is down."""
        return all(
            component.condition is Condition.RUNNING
            for component in self.components.values()
            if component.critical
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """The ids of all that does not work. METRICS.md has them with what to do."""
        connection, consent = self.cloud, self.consent
        found: list[str] = [
            *self.troubles,
            *(name for name, health in self.components.items() if health.reason),
            *self.hardware,
            *(f"{name} button" for name, trouble in self.buttons.items() if trouble),
        ]
        if self.camera_code:
            found.append("camera")
        if self.catalogue:
            found.append("catalogue")
        if Trouble.NOT_PAIRED not in self.troubles:
            found += ["cloud offline"] if self.offline else []
            found += [f"cloud {connection}"] if connection not in _FINE else []
        if consent is not None and consent.status is ConsentStatus.NO_CLOCK:
            found.append("clock")
        elif consent is not None and (consent.review_due or not consent.holds):
            found.append("consent")
        ids = (name.lower().replace(" ", "-") for name in found)
        return tuple(dict.fromkeys(ids))

    @property
    def findings(self) -> tuple[DeviceFinding, ...]:
        """The same for the cloud, the worst first."""
        warned = {*_WARNED, *(["consent"] if self.consent and self.consent.holds else [])}
        found = [
            DeviceFinding(id=reason, level="warn" if reason in warned else "fail")
            for reason in self.reasons
        ]
        return tuple(sorted(found, key=lambda one: one.level == "warn")[:MAX_FINDINGS])

    @property
    def ready(self) -> bool:
        """Whether the crew can see what the cloud says: by lamp or panel, and the poll runs."""
        return (
            all(self._runs(name) for name in (WINDOW_IN, POLL))
            and Trouble.NOT_PAIRED not in self.troubles
            and "cloud" not in self.waiting_for
            and not {LAMP, DISPLAY} <= self.hardware.keys()
        )

    def _runs(self, name: str) -> bool:
        part = self.components.get(name)
        return part is not None and part.condition is Condition.RUNNING


def health_routes(health: Callable[[], DeviceHealth]) -> list[web.RouteDef]:
    """Return `/healthz` and `/readyz` for the network: ids and no words, 503 for down or not ready.

    `{"status": "ok" | "degraded" | "down", "reasons": [id, ...], "version", "kitchen"}`
    """

    def answer(now: DeviceHealth, ok: bool) -> web.Response:
        reasons = now.reasons
        status = ("degraded" if reasons else "ok") if now.well else "down"
        return web.json_response(
            {
                "status": status,
                "reasons": reasons,
                "version": __version__,
                "kitchen": now.kitchen,
            },
            status=200 if ok else 503,
            headers={"Cache-Control": "no-store"},
        )

    async def healthz(_: web.Request) -> web.Response:
        now = health()
        return answer(now, now.well)

    async def readyz(_: web.Request) -> web.Response:
        now = health()
        return answer(now, now.ready)

    return [web.get("/healthz", healthz), web.get("/readyz", readyz)]


def health_details_route(health: Callable[[], DeviceHealth]) -> web.RouteDef:
    """Return `GET /health` of the control socket: the whole snapshot as JSON."""

    async def details(_: web.Request) -> web.Response:
        return web.json_response(
            asdict(health()), dumps=partial(json.dumps, default=date.isoformat)
        )

    return web.get("/health", details)
