"""`likelight.txt` on a USB stick: the panel asks whether what it would change shall be taken over.

Nothing is written onto the stick, and it need not stay mounted: what was asked about is what is
taken, from a copy in memory that only root can read. The copy goes when the stick is pulled.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from likelight.config.boot_report import (
    StickAsked,
    StickReport,
    read_stick,
    the_stick,
    why_not_kept,
    write_report,
)
from likelight.fleet.boot_volume.masks import answers
from likelight.fleet.boot_volume.take import Places, Taken, apply, mendable
from likelight.fleet.seed.boot_masks import Polygons, masks_of
from likelight.fleet.seed.boot_text import (
    BOOT_TEXT,
    MASKS,
    MOST_BYTES,
    BootText,
    LineMistake,
    Remedy,
    for_stick,
    read_boot_text,
)
from likelight.fleet.seed.key_file import key_file
from likelight.fleet.stores.network import Network
from likelight.runtime.atomic_file import replace_file

_UNREADABLE = BootText(
    mistakes=(LineMistake(1, "it can't be read: save it anew", Remedy.SAVE),),
)


def look_at_stick(
    stick: Path, places: Places, own: Mapping[str, str], held: Polygons
) -> StickReport | None:
    """Tell the daemon what `likelight.txt` on the mounted `stick` would change on a device with the
    settings `own` and the masks `held`; return that, or None where it is no news.

    Blocks. Raises `OSError` where the daemon can't be told.
    """
    text, content = _UNREADABLE, b""
    try:
        content = _read(stick / BOOT_TEXT)
        text = for_stick(read_boot_text(content), own)
    except FileNotFoundError:
        return None
    except OSError:
        pass
    asked = None if text.mistakes else _changes(text, places, own, held)
    if asked is None and not text.mistakes:
        return None
    report = StickReport(mistakes=mendable(text.mistakes), asked=asked)
    told = places.sticks / f"{stick.name}.json"
    if asked is not None:
        replace_file(_copy(told), content)
    write_report(told, report)
    return report


def take_stick(places: Places, own: Mapping[str, str], held: Polygons) -> Taken:
    """Take over what the crew has agreed to, on a device with the settings `own` and the masks
    `held`, if there is anything. Blocks. Raises `OSError`."""
    told = the_stick(places.sticks)
    report = read_stick(places.sticks)
    asked = report.asked
    if told is None or asked is None or not answers(places.answer, asked.nonce):
        return Taken()
    text = for_stick(read_boot_text(_copy(told).read_bytes()), own)
    try:
        taken = Taken(text.mistakes) if text.mistakes else apply(text, places, held)
    except OSError as error:
        # The crew is asked once more, and reads why.
        failed = {"not_kept": why_not_kept(error)}
        write_report(told, report.model_copy(update=failed))
        raise
    told.unlink()
    _copy(told).unlink()
    return taken


def _copy(told: Path) -> Path:
    return told.with_suffix(".txt")


def _changes(
    text: BootText, places: Places, own: Mapping[str, str], held: Polygons
) -> StickAsked | None:
    """Return what `text` would change; None for nothing."""
    new = {name: value for name, value in text.settings.items() if value != own.get(name)}
    asked = StickAsked(
        nonce=secrets.token_hex(16),
        network=_new_network(text.network, places.profile),
        name=new.get("name", ""),
        language=new.get("language", ""),
        masks=MASKS in new and masks_of(new[MASKS]) != held,
    )
    return asked if asked != StickAsked(nonce=asked.nonce) else None


def _new_network(network: Network | None, profile: Path) -> str:
    if network is None or _is_in(profile, key_file(network)):
        return ""
    if network.wifi is None:
        return str(network.fixed.interface) if network.fixed else ""
    ssid = network.wifi.ssid
    try:
        name = ssid.decode()
    except UnicodeDecodeError:
        name = ""
    return name if name.isprintable() and name else f"hex:{ssid.hex()}"


def _is_in(profile: Path, content: bytes | None) -> bool:
    return profile.exists() and profile.read_bytes() == content


def _read(file: Path) -> bytes:
    """Return what is in `file`, or so much of it that it is refused. Raises `OSError`."""
    # No file system that is mounted has links or devices, but for one that somebody forged.
    opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as held:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise IsADirectoryError(f"{file} is no file")
        return held.read(MOST_BYTES + 1)
