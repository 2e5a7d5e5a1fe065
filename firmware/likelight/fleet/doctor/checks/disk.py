"""Where what must survive a power cut is kept."""

from pathlib import Path

from likelight.contract.figures import FULL_MB
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.system import System

LOW_MB = 500
WORN = 0x0A
"""EXT_CSD_DEVICE_LIFE_TIME_EST: 90 to 100 % of the life is used; 0x0B is beyond."""
_SYSTEM = (Path("/"), Path("/boot/firmware"))
VOLATILE = ("tmpfs", "overlay", "ramfs")


def _existing(system: System, path: Path) -> Path:
    """Return the state directory or, before the first start, what will hold it."""
    while not system.at(path).exists() and path != path.parent:
        path = path.parent
    return path


def _mount(system: System, where: Path) -> tuple[str, str, str, str] | None:
    """Return device, place, kind and options of the mount that holds `where`."""
    found = None
    for line in (system.text("/proc/mounts") or "").splitlines():
        device, place, kind, options, *_ = [*line.split(), "", "", "", ""]
        # A later mount at the same place hides the earlier one.
        if place and where.is_relative_to(place) and (not found or len(place) >= len(found[1])):
            found = (device, place, kind, options)
    return found


def _own_disks(system: System) -> set[str]:
    """Return the kernel's names of what holds the state, the system and the boot partition."""
    mounts = [_mount(system, where) for where in (system.config.state_dir, *_SYSTEM)]
    return {Path(mount[0]).name for mount in mounts if mount is not None}


def _is_part(name: str, disk: str) -> bool:
    """Return whether `name` is the card `disk` or a part of it: mmcblk10 is not one of mmcblk1."""
    return name == disk or name.startswith(f"{disk}p")


@check(
    "state-lasts",
    what="The state directory can be written to, and lasts",
    why="On a read-only or overlaid root, totals and the crew's PRIVACY are lost at each boot",
    fix="Put state_dir on a partition that is mounted read-write, as systemd/README.md tells",
)
def state_lasts(system: System) -> Finding:
    where = system.config.state_dir
    mount = _mount(system, where)
    if mount is None:
        return skip("the kernel doesn't report what is mounted")
    _, place, kind, options = mount
    if "ro" in options.split(","):
        return fail(f"{place}, which holds {where}, is read-only")
    if kind in VOLATILE and place != "/":
        return warn(f"{place}, which holds {where}, is forgotten at each boot ({kind})")
    if kind in VOLATILE and system.model is not None:
        return fail(f"the root is an overlay: {where} is forgotten at each boot")
    return ok(f"{where} is on {kind}")


@check(
    "disk-space",
    what="There is space on the disk",
    why="A full card keeps no like and no note",
    fix="`sudo journalctl --vacuum-size=100M`, and remove what else is large",
)
def disk_space(system: System) -> Finding:
    try:
        free = system.free_mb(system.at(_existing(system, system.config.state_dir)))
    except OSError as error:
        return skip(f"the disk can't be asked: {error.strerror}")
    space = f"{free} MiB free"
    if free < FULL_MB:
        return fail(space)
    return warn(space) if free < LOW_MB else ok(space)


@check(
    "disk-health",
    what="The card or disk has shown no errors",
    why="Cards wear out without reporting it; the file system counts the errors that it met",
    fix="Put in a new, industrial card, and flash it again; keep what is in the state directory",
)
def disk_health(system: System) -> Finding:
    seen, ours = False, _own_disks(system)
    for count in system.root.glob("sys/fs/ext4/*/errors_count"):
        if count.parent.name not in ours:
            continue
        seen = True
        if (errors := int(count.read_text())) > 0:
            return fail(f"{count.parent.name}: {errors} errors in the file system")
    for life in system.root.glob("sys/block/mmcblk*/device/life_time"):
        if not any(_is_part(name, life.parts[-3]) for name in ours):
            continue
        seen = True
        if max(int(part, 16) for part in life.read_text().split()) >= WORN:
            return warn(f"{life.parts[-3]}: its life is almost used up, as it says itself")
    return ok("none") if seen else skip("the kernel doesn't report it")


CHECKS: tuple[Check, ...] = (state_lasts, disk_space, disk_health)
