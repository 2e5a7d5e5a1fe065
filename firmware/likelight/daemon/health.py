"""`/healthz` and `/readyz`: how the device is, for IT, for systemd and for tests. Read-only."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial

from aiohttp import web

from likelight.appreciation.buttons.watched import ButtonTrouble
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import State
from likelight.daemon.push import PushStatus
from likelight.gate.consent_watch import ConsentHealth
from likelight.runtime.supervisor import ComponentHealth, Condition


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A snapshot: every component's health, the state that viewers see, what start-up waits for."""

    components: dict[str, ComponentHealth]
    state: State
    cloud: CloudConnection
    camera: str
    camera_reason: str | None
    camera_code: str | None
    """The short code that the crew's display shows for the reason."""
    camera_restarts: int
    waiting_for: tuple[str, ...]
    push: PushStatus | None = None
    """None where no push is configured."""
    consent: ConsentHealth | None = None
    """None where no consent is needed, and before the record was read."""
    buttons: dict[str, ButtonTrouble | None] = field(default_factory=dict)
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


def health_routes(health: Callable[[], DeviceHealth]) -> list[web.RouteDef]:
    """Return the routes; 200 when well (or ready), 503 with the same body otherwise."""

    def answer(ok: bool) -> web.Response:
        return web.json_response(
            asdict(health()),
            status=200 if ok else 503,
            headers={"Cache-Control": "no-store"},
            dumps=partial(json.dumps, default=date.isoformat),
        )

    async def healthz(_: web.Request) -> web.Response:
        return answer(health().well)

    async def readyz(_: web.Request) -> web.Response:
        return answer(health().well and not health().waiting_for)

    return [web.get("/healthz", healthz), web.get("/readyz", readyz)]
