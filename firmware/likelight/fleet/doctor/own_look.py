"""What a running device looks at by itself: checks that read a few files of the kernel.

None of them opens a device or the camera, asks a network, or runs a command.
"""

from collections.abc import Callable, Sequence
from typing import Final

from likelight.daemon.self_check import Looked
from likelight.fleet.doctor.check import Check, Result
from likelight.fleet.doctor.checks import board, camera, clock, disk, network, service
from likelight.fleet.doctor.doctor import examine, findings
from likelight.fleet.doctor.system import System

TIMEOUT_S = 5.0
"""A reading of a file takes milliseconds; one of a card that fails may take for ever."""

OWN: Final[tuple[Check, ...]] = (
    board.board,
    board.power,
    board.heat,
    camera.camera_memory,
    clock.clock,
    clock.time_zone,
    disk.state_lasts,
    disk.disk_space,
    disk.disk_health,
    service.watchdog_board,
    network.route,
    network.wifi_signal,
)
"""What can change in a kitchen, and can be seen from inside the service: there PrivateUsers= hides
who owns a device, and ProtectProc= which programs run. The rest is left to the doctor."""


def no_command(words: Sequence[str]) -> str:
    """Stand in for `System.run`: as on a machine without that command."""
    raise FileNotFoundError(words[0])


class OwnLook:
    """A `Look`, at the system that `system` makes, which must run no command."""

    def __init__(
        self,
        system: Callable[[], System],
        checks: Sequence[Check] = OWN,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._system = system
        self._checks = tuple(checks)
        self._timeout_s = timeout_s

    def __call__(self) -> Looked:
        """Run the checks, for `timeout_s` at most. One that hangs is left out until the next start:
        its thread is still there, and another one would hang with it."""
        found = examine(self._system(), self._checks, self._timeout_s)
        self._checks = tuple(one.check for one in found if not one.late)
        seen = (one.check.id for one in found if one.finding.result is not Result.SKIP)
        return Looked(frozenset(seen), findings(found))
