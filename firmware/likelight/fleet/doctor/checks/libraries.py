"""The Python libraries that come from the system's packages."""

from likelight.fleet.doctor.check import Check, Finding, check, ok, skip, warn
from likelight.fleet.doctor.system import System

SYSTEM = frozenset({"lgpio", "spidev", "libcamera", "picamera2"})
"""What must be apt's own: it fits this kernel, and this libcamera."""


@check(
    "apt-libraries",
    what="What drives camera and pins is apt's own, and so is what it imports",
    why="What pip put before apt's lgpio, libcamera or numpy was built for another system",
    fix="Take it out of that folder with the pip that put it there, and restart the service",
)
def apt_libraries(system: System) -> Finding:
    copies = system.before_apt()
    if copies is None:
        return skip("this Python does not see apt's packages")
    strange = [copy for copy in copies if not copy.ours or copy.name in SYSTEM]
    if strange:
        return warn(", ".join(f"{copy.name} is taken from {copy.folder}" for copy in strange))
    if not copies:
        return ok("nothing stands before apt's packages")
    names = ", ".join(sorted(copy.name for copy in copies))
    return ok(f"apt's own; likelight's, which picamera2 then uses too: {names}")


CHECKS: tuple[Check, ...] = (apt_libraries,)
