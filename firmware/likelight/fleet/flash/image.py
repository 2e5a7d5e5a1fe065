"""The image of a card: checked by its checksum, decompressed, and with the seed put into it before
its first byte goes anywhere.

What lies before the end of the boot volume is held in memory, which is what the files there need:
100 MB for a stock image.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from likelight.fleet.flash.boot_files import (
    CMDLINE,
    WORDS,
    cmdline,
    files_beside_cmdline,
    words_besides_ours,
)
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.fat import FatVolume
from likelight.fleet.flash.packages import Packages
from likelight.fleet.seed.boot_text import BOOT_TEXT
from likelight.fleet.seed.seed import KEY_FILE, Seed

SECTOR: Final = 512
_BLOCK = 1 << 20
_LARGEST_BOOT = 2 << 30
_FAT_TYPES = (0x06, 0x0B, 0x0C, 0x0E)
_SUM = re.compile(r"[0-9a-fA-F]{64}")
_DECOMPRESSED_BY: Final = {".img": None, ".xz": "xz", ".zst": "zstd"}
"""Programs beside us use the second processor, and no device carries a library for what only an
office does."""


def expected_sum(image: Path, typed: str | None) -> str | None:
    """Return the SHA-256 of the file `image` that its maker tells: `typed`, or what stands in the
    file beside it that is called as it is and .sha256. Raises `FlashError`."""
    if typed is not None:
        if not _SUM.fullmatch(typed):
            raise FlashError("--sha256: it has 64 digits, 0 to 9 and a to f")
        return typed.lower()
    beside = image.with_name(f"{image.name}.sha256")
    try:
        words = beside.read_text(encoding="utf-8", errors="replace").split()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FlashError(f"{beside} can't be read: {error.strerror}") from error
    if not words or not _SUM.fullmatch(words[0]):
        raise FlashError(f"{beside} does not begin with a SHA-256 of 64 digits: mend or delete it")
    return words[0].lower()


def check_sum(image: Path, expected: str, progress: Callable[[int, int], None]) -> None:
    """Read the file `image` whole; raise `FlashError` where its SHA-256 is not `expected`."""
    found = hashlib.sha256()
    try:
        with image.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            while block := file.read(_BLOCK):
                found.update(block)
                progress(file.tell(), size)
    except OSError as error:
        raise FlashError(f"{image} can't be read: {error.strerror}") from error
    if found.hexdigest() != expected:
        raise FlashError(
            f"{image} is not what its maker made: its SHA-256 is {found.hexdigest()}, and should "
            f"be {expected}. Download it again"
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are on a card, in bytes."""

    boot: int
    """Where the boot volume begins."""
    boot_end: int
    end: int
    """Where the last partition ends: no image is shorter."""


class _Stream(Protocol):
    def read(self, most: int, /) -> bytes: ...


class Image:
    """An image that is read from its beginning to its end, once."""

    def __init__(self, path: Path, stream: _Stream, memory: int) -> None:
        self.path = path
        self._stream = stream
        self._memory = memory
        self._stock = hashlib.sha256()
        self._read = 0
        first = self._next(SECTOR)
        self.layout = _layout(path, first)
        os.pwrite(memory, first, 0)
        while self._read < self.layout.boot_end:
            at = self._read
            block = self._next(min(_BLOCK, self.layout.boot_end - at))
            if not block:
                raise _cut_short(path, at)
            if block.strip(b"\0"):
                os.pwrite(memory, block, at)
        os.ftruncate(memory, self.layout.boot_end)

    @property
    def sha256(self) -> str:
        """Return the checksum of the image as it came, decompressed; after the last block."""
        return self._stock.hexdigest()

    def put(self, seed: Seed, packages: Packages) -> None:
        """Put `seed` and `packages` onto the boot volume. Raises `FlashError`."""
        volume = FatVolume(self._memory, self.layout.boot)
        words = words_besides_ours(self.path, volume.read)
        if any(volume.read(path) is not None for path in (KEY_FILE, BOOT_TEXT)):
            raise FlashError(f"{self.path} has the seed of a store already: take a stock image")
        for path, content in files_beside_cmdline(seed, packages, volume.read).items():
            volume.write(path, content)
        volume.write(CMDLINE, cmdline([*words, *WORDS]))

    def blocks(self, size: int) -> Iterator[bytes]:
        """Yield all of the image in blocks of `size`, the last one as long as what is left; `size`
        is a multiple of 512. Raises `FlashError` where it is cut short or damaged."""
        rest = b""
        for at in range(0, self.layout.boot_end, size):
            rest = os.pread(self._memory, min(size, self.layout.boot_end - at), at)
            if len(rest) == size:
                yield rest
                rest = b""
        while block := self._next(size - len(rest)):
            rest += block
            if len(rest) == size:
                yield rest
                rest = b""
        if self._read < self.layout.end or self._read % SECTOR:
            raise _cut_short(self.path, self._read)
        if rest:
            yield rest

    def _next(self, most: int) -> bytes:
        """Return the next bytes, fewer than `most` only at the end."""
        try:
            block = self._stream.read(most)
        except OSError as error:
            raise FlashError(f"{self.path} can't be read: {error.strerror}") from error
        self._stock.update(block)
        self._read += len(block)
        return block


@contextmanager
def opened_image(path: Path) -> Iterator[Image]:
    """Open the image `path`: .img, .img.xz or .img.zst. Raises `FlashError`, also at its end where
    what was read is not all of a whole image."""
    suffix = path.suffix.lower()
    if suffix not in _DECOMPRESSED_BY:
        raise FlashError(f"{path} is no image: its name ends in .img, .img.xz or .img.zst")
    memory = os.memfd_create("likelight-boot")
    try:
        with path.open("rb") as file:
            program = _DECOMPRESSED_BY[suffix]
            if program is None:
                if (size := os.fstat(file.fileno()).st_size) % SECTOR:
                    raise _cut_short(path, size)
                yield Image(path, file, memory)
            else:
                with _decompressed(path, program, file) as stream:
                    yield Image(path, stream, memory)
    except OSError as error:
        if error.filename != str(path):
            raise
        raise FlashError(f"{path} can't be read: {error.strerror}") from error
    finally:
        os.close(memory)


class _Decompressed:
    """What a program makes of an image's file."""

    def __init__(self, path: Path, program: str, running: subprocess.Popen[bytes]) -> None:
        self._path = path
        self._program = program
        self._running = running

    def read(self, most: int) -> bytes:
        """Return the next bytes, fewer than `most` only at the end. Raises `FlashError`."""
        assert self._running.stdout is not None
        assert self._running.stderr is not None
        block = self._running.stdout.read(most)
        if len(block) < most and self._running.wait():
            said = self._running.stderr.read().decode(errors="replace").strip()
            raise FlashError(
                f"{self._path} is cut short or damaged ({self._program}: "
                f"{said.removeprefix(f'{self._program}: ')}). Download it again"
            )
        return block


@contextmanager
def _decompressed(path: Path, program: str, file: IO[bytes]) -> Iterator[_Decompressed]:
    command = [program, "--decompress", "--stdout"]
    try:
        running = subprocess.Popen(  # noqa: S603
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except FileNotFoundError:
        raise FlashError(f"{program} is missing: type `sudo apt install xz-utils zstd`") from None
    with running:
        try:
            yield _Decompressed(path, program, running)
        finally:
            running.kill()


def _layout(path: Path, first: bytes) -> Layout:
    """Return where things are by the table in the first sector. Raises `FlashError`."""
    entries = [first[at : at + 16] for at in range(446, 510, 16)]
    parts = [(e[4], *(int.from_bytes(e[n : n + 4], "little") for n in (8, 12))) for e in entries]
    whole = len(first) == SECTOR and first[510:] == b"\x55\xaa"
    boots = [(start, length) for kind, start, length in parts if kind in _FAT_TYPES and length]
    # Where the first partition begins at 4096 or later, what lies before is free.
    if not whole or not boots or min(start for _, start, length in parts if length) < 8:
        raise FlashError(
            f"{path} is no image of Raspberry Pi OS: its partition table has no FAT volume to boot "
            "from. Is it a ZIP, or was it damaged?"
        )
    start, length = boots[0]
    if length * SECTOR > _LARGEST_BOOT:
        raise FlashError(f"{path} has a boot volume of more than 2 GiB: take a stock image")
    end = max(start + length for _, start, length in parts)
    return Layout(start * SECTOR, (start + length) * SECTOR, end * SECTOR)


def _cut_short(path: Path, size: int) -> FlashError:
    return FlashError(f"{path} is cut short: it ends after {size} bytes. Download it again")
