"""The boot volume of a card with a stock image, mounted anywhere: one store's seed is put onto it.

Nothing here needs Linux. The words on the kernel's command line come last, and those of before go
first, so that a card which is pulled out in between boots as it came. Each change of that file
replaces it in one step.
"""

import os
import re
from pathlib import Path
from typing import Final

from likelight.fleet.flash.errors import FlashError
from likelight.fleet.seed.boot_text import BOOT_TEXT
from likelight.fleet.seed.seed import FIRST_BOOT, KEY_FILE, RADIUS_CA, USER_DATA, Seed

CMDLINE: Final = "cmdline.txt"
WORDS: Final = (
    f"systemd.run=/boot/firmware/{FIRST_BOOT}",
    # Imager's own words say `reboot` here: a script that fails would do so for ever.
    "systemd.run_success_action=none",
    "systemd.run_failure_action=none",
    "systemd.unit=multi-user.target",
    "systemd.wants=kernel-command-line.service",
)
"""They start the script beside an otherwise usual boot, on Bookworm and on Trixie."""

_STOCK_USER_DATA = b"#cloud-config\n"
_SECRET = (KEY_FILE, BOOT_TEXT)
_NEEDED = ("config.txt", CMDLINE)
_OF_IMAGER = ("firstrun.sh", "custom.toml", "rpi-preseed.toml", "userconf.txt")
_SETTINGS_OF_IMAGER = {
    "meta-data": re.compile(rb"rpi-imager"),
    "user-data": re.compile(
        rb"^(hostname|users?|ssh_authorized_keys|chpasswd|write_files|runcmd|timezone|keyboard"
        rb"|manage_etc_hosts|rpi|enable_ssh)\s*:",
        re.MULTILINE,
    ),
    "network-config": re.compile(rb"^\s*wifis\s*:", re.MULTILINE),
}


def put_on_volume(volume: Path, seed: Seed) -> None:
    """Put `seed` onto the mounted boot volume `volume`, and read all of it again.

    Blocks. Raises `FlashError`; then the card boots as it came, or the same call mends it.
    """
    try:
        words = _checked(volume)
        _replace(volume / CMDLINE, words)
        for path in (*_SECRET, RADIUS_CA):
            if (volume / path).exists():
                _wipe(volume / path)
        files = {path: content for path, content in seed.files.items() if path != "user-data"}
        if (volume / "user-data").exists() and (volume / "user-data").read_bytes() == USER_DATA:
            # The command line starts the script already; twice at once it would stand in its way.
            files["user-data"] = _STOCK_USER_DATA
        for path, content in files.items():
            (volume / path).parent.mkdir(exist_ok=True)
            _write(volume / path, content)
        _replace(volume / CMDLINE, [*words, *WORDS])
    except OSError as error:
        where = error.filename or volume
        raise FlashError(
            f"{where} can't be written: {error.strerror}. Is the card locked, full, or out?"
        ) from error


def volume_path(typed: str) -> Path:
    """Return the folder that somebody means by `typed`: E: is the drive, and not where a program
    was last on it."""
    return Path(f"{typed}\\" if re.fullmatch("[A-Za-z]:", typed) else typed)


def _checked(volume: Path) -> list[str]:
    """Return the words on the kernel's command line, but for ours. Raises `FlashError`."""
    missing = [name for name in _NEEDED if not (volume / name).is_file()]
    if missing:
        raise FlashError(
            f"{volume} is not the boot volume of a Raspberry Pi: it has no {missing[0]}. Name the "
            "drive or folder that is called bootfs"
        )
    for own in (Path("/boot/firmware"), Path("/boot")):
        if own.exists() and volume.samefile(own):
            raise FlashError(f"{volume} is this computer's own boot volume: name the card's")
    try:
        words = (volume / CMDLINE).read_bytes().decode("ascii").split()
    except UnicodeDecodeError:
        words = []
    if not any(word.startswith("root=") for word in words):
        raise FlashError(f"{volume / CMDLINE} is damaged: write the image onto the card again")
    ours = {word.partition("=")[0] for word in WORDS}
    others = [word for word in words if word.partition("=")[0] not in ours]
    foreign = [word for word in words if word not in others and word not in WORDS]
    by_imager = [name for name in _OF_IMAGER if (volume / name).exists()]
    settings = _SETTINGS_OF_IMAGER.items()
    by_imager += [name for name, pattern in settings if _has(volume / name, pattern)]
    if foreign or any(word.startswith("ds=nocloud") for word in words):
        by_imager.append(CMDLINE)
    if by_imager:
        raise FlashError(
            f"{volume / by_imager[0]} has settings of Raspberry Pi Imager's own, which would be "
            "lost or stand in the way: write the image again, and choose No where Imager asks "
            "whether to apply settings"
        )
    return others


def _has(file: Path, pattern: re.Pattern[bytes]) -> bool:
    if not file.exists():
        return False
    content = file.read_bytes()
    return content != USER_DATA and pattern.search(content) is not None


def _wipe(file: Path) -> None:
    """Overwrite `file` with zeros and remove it: FAT keeps what is only removed or replaced."""
    with file.open("r+b") as held:
        held.write(bytes(file.stat().st_size))
        held.flush()
        os.fsync(held.fileno())
    file.unlink()


def _replace(file: Path, words: list[str]) -> None:
    content = (" ".join(words) + "\n").encode()
    if file.read_bytes() == content:
        return
    draft = file.with_name(f"{file.name}.new")
    _write(draft, content)
    draft.replace(file)
    _sync_folder(file.parent)
    if file.read_bytes() != content:
        raise FlashError(f"{file} was read otherwise than it was written: take another card")


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
        if hasattr(os, "posix_fadvise"):
            # Or the computer's memory would be read, and not the card.
            os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    _sync_folder(file.parent)
    if file.read_bytes() != content:
        raise FlashError(f"{file} was read otherwise than it was written: take another card")


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
