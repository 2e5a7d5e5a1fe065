"""The boot volume of a card with a stock image, mounted anywhere: one store's seed is put onto it.

Nothing here needs Linux. The words on the kernel's command line come last, and those of before go
first, so that a card which is pulled out in between boots as it came. Each change of that file
replaces it in one step.
"""

import os
import re
from pathlib import Path

from likelight.fleet.flash.boot_files import (
    CMDLINE,
    WORDS,
    cmdline,
    files_beside_cmdline,
    words_besides_ours,
)
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.packages import ON_VOLUME, Packages
from likelight.fleet.seed.boot_text import BOOT_TEXT
from likelight.fleet.seed.seed import CLOUD_CA, KEY_FILE, RADIUS_CA, Seed


def put_on_volume(volume: Path, seed: Seed, packages: Packages) -> None:
    """Put `seed` and `packages` onto the mounted boot volume `volume`, and read all of it again.

    Blocks. Raises `FlashError`; then the card boots as it came, or the same call mends it.
    """

    def read(path: str) -> bytes | None:
        file = volume / path
        return file.read_bytes() if file.is_file() else None

    try:
        words = words_besides_ours(volume, read)
        for own in (Path("/boot/firmware"), Path("/boot")):
            if own.exists() and volume.samefile(own):
                raise FlashError(f"{volume} is this computer's own boot volume: name the card's")
        _replace(volume / CMDLINE, cmdline(words))
        for path in (KEY_FILE, BOOT_TEXT, RADIUS_CA, CLOUD_CA):
            if (volume / path).exists():
                _wipe(volume / path)
        if packages:
            # apt would install two versions at once.
            for old in (volume / ON_VOLUME).glob("*.deb"):
                old.unlink()
        for path, content in files_beside_cmdline(seed, packages, read).items():
            (volume / path).parent.mkdir(exist_ok=True)
            _write(volume / path, content)
        _replace(volume / CMDLINE, cmdline([*words, *WORDS]))
    except OSError as error:
        where = error.filename or volume
        raise FlashError(
            f"{where} can't be written: {error.strerror}. Is the card locked, full, or out?"
        ) from error


def volume_path(typed: str) -> Path:
    """Return the folder that somebody means by `typed`: E: is the drive, and not where a program
    was last on it."""
    return Path(f"{typed}\\" if re.fullmatch("[A-Za-z]:", typed) else typed)


def _wipe(file: Path) -> None:
    """Overwrite `file` with zeros and remove it: FAT keeps what is only removed or replaced."""
    with file.open("r+b") as held:
        held.write(bytes(file.stat().st_size))
        held.flush()
        os.fsync(held.fileno())
    file.unlink()


def _replace(file: Path, content: bytes) -> None:
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
