"""What time it is, and where."""

from likelight.config.places import SERVICE_RUNTIME
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.system import System
from likelight.runtime.clock_sync import clock_is_set


def is_set(system: System) -> bool:
    """Return whether the daemon believes the clock."""
    folder = system.socket.parent if system.socket else SERVICE_RUNTIME
    return clock_is_set(system.at(folder), system.root)


@check(
    "clock",
    what="A time server has set the clock",
    why="A Pi has no battery: it boots with an old time, certificates and consent count as expired",
    fix="Let NTP (UDP port 123) out, and use systemd-timesyncd, which likelight relies on",
)
def clock(system: System) -> Finding:
    if is_set(system):
        return ok("since this boot")
    needed = system.config.cloud.url is not None or system.config.camera.driver in (
        "picamera2",
        "usb",
    )
    try:
        said = system.run(("timedatectl", "show", "-p", "NTPSynchronized", "--value")).strip()
    except FileNotFoundError:
        said = ""
    if said == "yes":
        words = "it is set, but not by systemd-timesyncd, and likelight can't know"
        return warn(words, "`sudo apt install systemd-timesyncd`")
    if not needed:
        return skip("nothing that is configured depends on it")
    return fail("not since this boot")


@check(
    "time-zone",
    what="The kitchen's time zone is known",
    why="Opening and quiet hours are in the kitchen's own time; a Pi fresh from its card has UTC",
    fix='Set kitchen.timezone = "Europe/Berlin", or `sudo timedatectl set-timezone Europe/Berlin`',
)
def time_zone(system: System) -> Finding:
    config = system.config
    if config.kitchen.timezone is not None:
        return ok(config.kitchen.timezone)
    if config.quiet.hours is None and not config.schedule.model_fields_set:
        return skip("no hours are configured")
    target = system.at("/etc/localtime")
    name = str(target.readlink()).rpartition("zoneinfo/")[2] if target.is_symlink() else ""
    if name in ("", "UTC", "Etc/UTC", "Universal", "Zulu", "Etc/Universal", "Etc/Zulu"):
        return warn("there are opening or quiet hours, and this computer's clock shows UTC")
    return ok(f"{name}, the computer's own")


CHECKS: tuple[Check, ...] = (clock, time_zone)
