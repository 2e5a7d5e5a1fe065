"""The camera: is it seen, may it be used, and has the crew agreed."""

import re
from pathlib import Path

from likelight.contract.figures import WARN_BEFORE_REVIEW
from likelight.fleet.doctor.check import Check, Finding, Result, check, fail, ok, skip, warn
from likelight.fleet.doctor.checks.clock import is_set
from likelight.fleet.doctor.checks.pins import node
from likelight.fleet.doctor.system import System
from likelight.gate.consent import (
    ConsentError,
    ConsentStatus,
    consent_status,
    read_consent,
)
from likelight.gate.zone import kitchen_zone

LEAST_CMA_KB = 64 * 1024


def real(system: System) -> bool:
    """Return whether the camera has a sensor."""
    return system.config.camera.driver in ("picamera2", "usb")


@check(
    "camera-library",
    what="picamera2 and libcamera can be imported",
    why="Both come from apt only; a venv of its own doesn't see them",
    fix="`sudo apt install python3-picamera2`, on Raspberry Pi OS, and make the venv with "
    "--system-site-packages",
)
def camera_library(system: System) -> Finding:
    if system.config.camera.driver != "picamera2":
        return skip("this camera needs neither")
    missing = [name for name in ("picamera2", "libcamera") if not system.has_module(name)]
    return fail(f"missing: {', '.join(missing)}") if missing else ok("both are there")


@check(
    "camera-present",
    what="The camera is seen",
    why="The usual cause is a ribbon cable that is not straight, or the wrong way round",
    fix="Switch off, reseat the ribbon at both ends (or the USB plug), and start again",
)
def camera_present(system: System) -> Finding:
    camera = system.config.camera
    if camera.device is not None:
        there = node(system, str(camera.device), "plug it in; ls /dev/v4l/by-id tells names")
        if there.result is Result.OK and re.fullmatch(r"/dev/video\d+", str(camera.device)):
            return warn(
                f"{there.words}, and may be another camera after the next start",
                f'set camera.device = "{_lasting_name(system, camera.device)}"',
            )
        return there
    if camera.driver != "picamera2":
        return skip("the camera is simulated")
    try:
        seen = system.run(("rpicam-hello", "--list-cameras"))
    except FileNotFoundError:
        if any(system.root.glob("dev/media*")):
            return warn("/dev/media* is there, more can't be seen without rpicam-hello")
        return fail("there is no /dev/media*")
    names = re.findall(r"^\d+ : (\S+)", seen, re.MULTILINE)
    return ok(", ".join(names)) if names else fail("libcamera sees no camera")


def _lasting_name(system: System, device: Path) -> str:
    """Return the name by which udev finds the camera that is `device` now, whatever its number."""
    for link in sorted(system.root.glob("dev/v4l/by-*/*")):
        if link.is_symlink() and link.readlink().name == device.name:
            return f"/{link.relative_to(system.root)}"
    return "/dev/v4l/by-id/NAME"


@check(
    "camera-memory",
    what="The kernel has memory for the camera's pictures",
    why='Without contiguous memory the camera ends with "failed to allocate buffers"',
    fix="Add dtoverlay=vc4-kms-v3d,cma-128 to config.txt, and start again",
)
def camera_memory(system: System) -> Finding:
    if system.config.camera.driver != "picamera2":
        return skip("this camera needs none")
    for line in (system.text("/proc/meminfo") or "").splitlines():
        if line.startswith("CmaTotal:"):
            kilobytes = int(line.split()[1])
            size = f"{kilobytes // 1024} MiB"
            return ok(size) if kilobytes >= LEAST_CMA_KB else warn(f"only {size}")
    return skip("the kernel doesn't report it")


@check(
    "consent",
    what="The crew's consent to the camera holds",
    why="Without it, or past its review date, the camera stays off",
    fix="`sudo likelight consent record --signed-by NAME --notice VERSION --review DATE`",
)
def crew_consent(system: System) -> Finding:
    if not real(system):
        return skip("a simulated camera needs none")
    config = system.config
    try:
        record = read_consent(system.at(config.state_dir))
    except ConsentError as error:
        if isinstance(error.__cause__, PermissionError):
            return skip(str(error))
        return fail(str(error))
    zone, now, kitchen = kitchen_zone(config.kitchen.timezone), system.now(), config.kitchen.id
    stands = consent_status(record, now, zone, clock_is_set=is_set(system), kitchen=kitchen)
    if record is None or stands is ConsentStatus.MISSING:
        return fail("none is recorded: the camera is off")
    if stands is ConsentStatus.OTHER_KITCHEN:
        return fail(f"it was recorded for {record.kitchen}, and is void here: the camera is off")
    if stands is ConsentStatus.OVERDUE:
        return fail(f"its review date, {record.review}, has passed: the camera is off")
    if stands is ConsentStatus.NO_CLOCK:
        return fail("the clock is not set, so nobody can say: the camera is off", "see clock")
    days = (record.ends(zone) - now).days
    held = f"it holds until {record.review}"
    return warn(f"{held}, {days} more days") if days < WARN_BEFORE_REVIEW.days else ok(held)


CHECKS: tuple[Check, ...] = (camera_library, camera_present, camera_memory, crew_consent)
