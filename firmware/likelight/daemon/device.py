"""The assembled device: its parts, its health, and the routes for commands."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from likelight.appreciation.window_in import WindowIn
from likelight.daemon.camera import DeviceCamera
from likelight.daemon.catalogue_updates import CatalogueUpdates
from likelight.daemon.embedded_cloud import CloudPlugin
from likelight.daemon.feed import Feed
from likelight.daemon.hardware import DeviceHardware
from likelight.daemon.health import DISPLAY, LAMP, DeviceHealth, health_details_route
from likelight.daemon.self_check import Looked
from likelight.gate.on_air import OnAir
from likelight.gate.permissions import Permissions
from likelight.runtime.changes import Changes
from likelight.runtime.supervisor import Supervisor
from likelight.runtime.troubles import Troubles
from likelight.web.control.consent import consent_routes
from likelight.web.control.findings import KeepFindings, findings_routes
from likelight.web.control.lights import lights_routes
from likelight.web.control.messages import StatusAnswer
from likelight.web.control.queue import queue_routes
from likelight.web.control.status import status_routes


@dataclass(frozen=True, slots=True)
class Device:
    """The parts of one device, connected to each other. `assemble` builds and closes them."""

    kitchen: str
    """The kitchen's id."""
    hardware: DeviceHardware
    camera: DeviceCamera
    feed: Feed
    on_air: OnAir
    permissions: Permissions
    keep_privacy: Callable[[bool], Awaitable[None]]
    """Makes the crew's choice durable; raises `OSError` when the disk does not take it."""
    window_in: WindowIn
    embedded_cloud: CloudPlugin | None
    supervisor: Supervisor
    troubles: Troubles
    changes: Changes
    """Counts the events that may have changed `health()`."""
    pairing_code: Callable[[], str | None]
    """Returns the code that waits for an operator; None when there is none."""
    keep_findings: KeepFindings
    """Takes what the doctor has found, for the cloud."""
    keep_looked: Callable[[Looked], None]
    """Takes what the device itself has looked at."""
    another_kitchen: asyncio.Event
    """Set once an operator has made this device another kitchen's: it must begin anew."""
    catalogue: CatalogueUpdates | None
    """None with the cloud in this process."""

    async def run(self) -> None:
        """Run all parts until cancelled. Raises `GaveUp` (in an ExceptionGroup)."""
        await self.supervisor.run()

    async def ready(self) -> None:
        """Return once the camera and the embedded cloud have started."""
        if self.embedded_cloud is not None:
            await self.window_in.reported.wait()
        seen = 0
        while self._waiting_for():
            seen = await self.changes.wait_beyond(seen)

    def darken(self) -> None:
        """Switch lamp and on-air light off, at once."""
        self.hardware.darken()

    def health(self) -> DeviceHealth:
        """Return how the device is now."""
        status, push = self.camera.status, self.feed.push
        troubles = {
            LAMP: self.window_in.lamp.trouble,
            DISPLAY: self.window_in.presenter.trouble,
            "on-air light": self.on_air.light.trouble,
        }
        return DeviceHealth(
            kitchen=self.kitchen,
            troubles=self.troubles.present,
            components={**self.supervisor.health, **self.window_in.health},
            cloud=self.window_in.connection,
            offline=self.window_in.offline,
            camera=status.phase.value,
            camera_reason=status.reason,
            camera_code=status.code,
            camera_restarts=self.camera.restarts,
            pairing_code=self.pairing_code(),
            obstacle=obstacle.code if (obstacle := self.window_in.obstacle) else None,
            waiting_for=self._waiting_for(),
            push=push.status if push else None,
            consent=self.permissions.consent.health,
            buttons={button.name: button.trouble for button in self.window_in.buttons},
            catalogue=self.catalogue.trouble if self.catalogue else "",
            hardware={part: trouble for part, trouble in troubles.items() if trouble},
        )

    def control_routes(self) -> list[web.RouteDef]:
        """Return the routes of the daemon's unix socket, which serve the command line."""
        lamp = self.window_in.lamp
        return [
            *status_routes(self._status),
            health_details_route(self.health),
            *lights_routes(lamp, simulated=self.hardware.lights.simulated),
            *queue_routes(lamp, self.window_in.presenter),
            *consent_routes(self.permissions.consent),
            *findings_routes(self.keep_findings),
        ]

    def _waiting_for(self) -> tuple[str, ...]:
        cloud = self.embedded_cloud is not None and not self.window_in.reported.is_set()
        waiting = {"camera": self.camera.starting, "cloud": cloud}
        return tuple(name for name, waits in waiting.items() if waits)

    def _status(self) -> StatusAnswer:
        return StatusAnswer(
            kitchen=self.kitchen,
            state=self.on_air.state,
            holds=tuple(sorted(self.window_in.lamp.holds)),
        )
