"""`likelight.txt` on the boot volume becomes the device's configuration, its network and its code.

Each step may be done twice, so that a power cut at any instant is mended by the next boot. The
file's secrets are overwritten last, where they stand: FAT keeps what is only replaced. Those of the
network stay until it has worked.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from likelight.config.boot_report import (
    MOST_MISTAKES,
    BootReport,
    MendableLine,
    why_not_kept,
    write_report,
)
from likelight.config.places import (
    BOOT_AGREED,
    BOOT_REPORT,
    DEFAULT_FILE,
    SERVICE_RUNTIME,
    STICKS,
)
from likelight.fleet.boot_volume.masks import (
    is_agreed,
    keep_waiting,
    question,
    uncovers_anything,
    waiting,
)
from likelight.fleet.seed.boot_masks import Polygons, masks_of
from likelight.fleet.seed.boot_text import (
    ANOTHER_STORE,
    BOOT_TEXT,
    MASKS,
    MOST_BYTES,
    BootText,
    LineMistake,
    Remedy,
    for_enrolled,
    read_boot_text,
    without_code,
    without_network,
)
from likelight.fleet.seed.device_settings import (
    Tables,
    as_toml,
    camera_masks,
    device_settings,
    device_settings_in,
)
from likelight.fleet.seed.key_file import key_file
from likelight.fleet.seed.seed import CLOUD_CA
from likelight.runtime.atomic_file import replace_file, sync_folder
from likelight.runtime.tls import ca_file_error

CODE_FILE: Final = "enrolment-code"
AUTHORITY: Final = "cloud-authority.pem"
LAYER: Final = "conf.d/boot-volume.toml"
_TAKEN: Final = ".boot-volume.sha256"
_PROFILE: Final = "likelight.nmconnection"
_FIRST_CONFIG: Final = """\
# Made at the first boot. What the boot volume's likelight.txt says is in conf.d/boot-volume.toml;
# what is written there wins.

[camera]
driver = "picamera2"
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a device keeps what is taken over, and is told what could not be."""

    config: Path = DEFAULT_FILE
    profiles: Path = Path("/etc/NetworkManager/system-connections")
    report: Path = BOOT_REPORT
    answer: Path = SERVICE_RUNTIME / BOOT_AGREED
    """What the daemon says that the crew has agreed to."""
    sticks: Path = STICKS

    @property
    def profile(self) -> Path:
        """The network of `likelight.txt`."""
        return self.profiles / _PROFILE


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the file."""

    mistakes: tuple[LineMistake, ...] = ()
    changed: bool = False
    """Whether anything was taken over."""
    reset: str = ""
    """The store for which the file asks the device to forget its own; then nothing changes yet."""
    network: bool = False
    """Whether NetworkManager has a new profile to read."""


def take(
    volume: Path, places: Places, enrolled: Mapping[str, str] | None, held: Polygons = ()
) -> Taken:
    """Take over `likelight.txt` on `volume` unless that was done, on a device that has enrolled
    with the settings `enrolled`, or on a new one, whose masks are `held`.

    The daemon is told what could not be. Blocks. Raises `OSError`. With a mistake nothing changes.
    """
    with _alone(volume):
        return _take_and_tell(volume, places, enrolled, held)


def _take_and_tell(
    volume: Path, places: Places, enrolled: Mapping[str, str] | None, held: Polygons
) -> Taken:
    taken = _take(volume, places, enrolled, held)
    folder, asked, failed = places.config.parent, None, None
    if (masks := waiting(folder)) is not None:
        agreed = is_agreed(places.report, places.answer, held, masks)
        try:
            if agreed:
                _keep({"camera": camera_masks(masks)}, places)
                keep_waiting(folder, None)
                taken = replace(taken, changed=True)
        except OSError as error:
            failed = error
        if not agreed or failed:
            asked = question(held, masks)
    report = BootReport(
        mistakes=mendable(taken.mistakes),
        reset=taken.reset,
        masks=asked,
        not_kept=why_not_kept(failed) if failed else "",
    )
    write_report(places.report, report)
    if failed:
        raise failed
    return taken


def mendable(mistakes: tuple[LineMistake, ...]) -> tuple[MendableLine, ...]:
    """Return the first of `mistakes` in the form that the daemon reads."""
    return tuple(
        MendableLine(line=wrong.line, words=wrong.words, remedy=wrong.remedy, text=wrong.text)
        for wrong in mistakes[:MOST_MISTAKES]
    )


def _take(
    volume: Path, places: Places, enrolled: Mapping[str, str] | None, held: Polygons
) -> Taken:
    file, folder = volume / BOOT_TEXT, places.config.parent
    _finish_overwriting(file)
    content, marker, authority = _read(file), folder / _TAKEN, _authority(volume)
    if content is None or _is_taken(content, marker, authority):
        return Taken()
    text = read_boot_text(content)
    if enrolled is not None:
        text = for_enrolled(text, enrolled)
    if text.mistakes:
        return Taken(text.mistakes)
    if enrolled is not None and text.asks_reset:
        return Taken(reset=text.settings.get("store", ANOTHER_STORE))
    names_cloud = text.settings.get("cloud", "").lower().startswith("https://")
    if names_cloud and authority and (error := ca_file_error(volume / CLOUD_CA)):
        words = f"cloud: {error}; or delete the file"
        return Taken((LineMistake(text.lines["cloud"], words, Remedy.SAVE),))
    if MASKS not in text.settings:
        keep_waiting(folder, None)
    taken = apply(text, places, held)
    if names_cloud:
        _take_authority(authority, places)
    _replace_lines(file, content, without_code(content), marker, authority)
    return taken


def apply(text: BootText, places: Places, held: Polygons) -> Taken:
    """Make what `text` says the device's own; its masks wait where they would show what `held`
    cover. Blocks. Raises `OSError`."""
    folder = places.config.parent
    _make_readable(folder)
    _sweep(folder, places.profiles)
    tables = device_settings(text.settings)
    if MASKS in text.settings:
        masks = masks_of(text.settings[MASKS])
        wait = uncovers_anything(held, masks)
        if wait:
            del tables["camera"]
        keep_waiting(folder, masks if wait else None)
    _keep(tables, places)
    profile = key_file(text.network) if text.network else None
    if profile is not None:
        replace_file(places.profile, profile.decode())
    if "code" in text.settings:
        replace_file(folder / CODE_FILE, text.settings["code"])
    return Taken(changed=True, network=profile is not None)


def network_has_worked(volume: Path, places: Places) -> bool:
    """Take the network out of a `likelight.txt` that was taken over; return whether it was there.

    Until then it stays, so that somebody can mend one letter of a passphrase. In a file that was
    changed since, another one stands. Blocks. Raises `OSError`.
    """
    file, marker = volume / BOOT_TEXT, places.config.parent / _TAKEN
    with _alone(volume):
        _finish_overwriting(file)
        content, authority = _read(file), _authority(volume)
        if content is None or not _is_taken(content, marker, authority):
            return False
        left = without_network(content)
        _replace_lines(file, content, left, marker, authority)
        return left != content


@contextmanager
def _alone(volume: Path) -> Iterator[None]:
    """Hold a lock on the folder `volume` meanwhile. When a network comes up while the daemon
    starts, two commands change it at once, and one would take the unfinished file of the other for
    what a power cut has left."""
    if not volume.is_dir():
        yield
        return
    opened = os.open(volume, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _authority(volume: Path) -> bytes:
    """Return who signs the cloud's certificate, as the volume has it; nothing for the system's."""
    return _read(volume / CLOUD_CA) or b""


def _take_authority(authority: bytes, places: Places) -> None:
    """Have the device trust `authority` alone for its cloud, or the system's if there is none."""
    file = places.config.parent / AUTHORITY
    if authority:
        replace_file(file, authority.decode("utf-8", "replace"), mode=0o644)
    _keep({"cloud": {"ca_file": str(file) if authority else None}}, places)


def _replace_lines(file: Path, content: bytes, left: bytes, marker: Path, authority: bytes) -> None:
    if left != content:
        _overwrite(file, left)
    replace_file(marker, _checksum(left + authority))


def _read(file: Path) -> bytes | None:
    """Return what is in `file`, or so much of it that it is refused; None without one."""
    if not file.exists():
        return None
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _is_taken(content: bytes, marker: Path, authority: bytes) -> bool:
    return marker.exists() and marker.read_text("utf-8") == _checksum(content + authority)


def _make_readable(folder: Path) -> None:
    """Make `folder`, which the daemon's user reads, whatever root's umask: each file in it has a
    mode of its own."""
    folder.mkdir(exist_ok=True)
    folder.chmod(folder.stat().st_mode | 0o055)


def _sweep(folder: Path, profiles: Path) -> None:
    """Remove the drafts of secrets that a power cut has left."""
    for left in [*folder.glob(f".{CODE_FILE}-*"), *profiles.glob(f".{_PROFILE}-*")]:
        left.unlink()


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _keep(tables: Tables, places: Places) -> None:
    layer = places.config.parent / LAYER
    _make_readable(layer.parent)
    held = device_settings_in(layer.read_text("utf-8")) if layer.exists() else {}
    for table, settings in tables.items():
        both = held.get(table, {}) | settings
        # None takes a setting away: another store's cloud may need no authority of its own.
        held[table] = {key: value for key, value in both.items() if value is not None}
    replace_file(layer, as_toml(held), mode=0o644)
    if not places.config.exists():
        replace_file(places.config, _FIRST_CONFIG, mode=0o644)


def _draft(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")


def _overwrite(file: Path, content: bytes) -> None:
    """Give `file` this content, after zeros over the old."""
    with _draft(file).open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(file.parent)
    _zero(file)
    _draft(file).replace(file)
    sync_folder(file.parent)


def _zero(file: Path) -> None:
    with file.open("r+b") as held:
        held.write(bytes(file.stat().st_size))
        held.flush()
        os.fsync(held.fileno())


def _finish_overwriting(file: Path) -> None:
    """End what a power cut has stopped: the draft is whole once the old content is zeros."""
    draft = _draft(file)
    if not draft.exists():
        return
    if not file.exists() or not file.read_bytes().strip(b"\0"):
        draft.replace(file)
    else:
        _zero(draft)  # it may hold the passphrase, which has not worked yet
        draft.unlink()
    sync_folder(file.parent)
