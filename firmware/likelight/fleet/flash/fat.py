"""The files of a FAT volume that lies in memory, read and written by mtools: nothing is mounted,
and no file of this computer ever holds a secret of a seed.
"""

import os
import subprocess

from likelight.fleet.flash.errors import FlashError

_LONGEST_S = 120.0
"""Each call takes some milliseconds."""

# Images of Raspberry Pi have geometries that mtools finds odd.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1"}


class FatVolume:
    """The volume that begins at byte `offset` of the open file `memory`. Each call blocks, and
    raises `FlashError`."""

    def __init__(self, memory: int, offset: int) -> None:
        self._memory = memory
        self._place = f"/proc/self/fd/{memory}@@{offset}"
        self._names = {
            line.removeprefix("::/").rstrip("/").lower()
            for line in self._run("mdir", "-/", "-b", "::").decode(errors="replace").splitlines()
        }

    def read(self, path: str) -> bytes | None:
        """Return what the file `path` holds, or None where there is none."""
        return self._run("mtype", f"::{path}") if path.lower() in self._names else None

    def write(self, path: str, content: bytes) -> None:
        """Make the file `path`, or replace it, and read it again."""
        folder, _, _ = path.rpartition("/")
        if folder and folder.lower() not in self._names:
            self._run("mmd", f"::{folder}")
            self._names.add(folder.lower())
        self._run("mcopy", "-o", "-", f"::{path}", content=content)
        self._names.add(path.lower())
        if self.read(path) != content:
            # On a full volume mcopy writes what fits, and ends with 0.
            raise FlashError(
                f"{path} does not fit onto the image's boot volume: take a stock image"
            )

    def _run(self, program: str, *words: str, content: bytes = b"") -> bytes:
        try:
            ended = subprocess.run(  # noqa: S603
                [program, "-i", self._place, *words],
                input=content,
                capture_output=True,
                timeout=_LONGEST_S,
                check=False,
                env={**os.environ, **_ENVIRONMENT},
                pass_fds=(self._memory,),
            )
        except FileNotFoundError:
            raise FlashError(f"{program} is missing: type `sudo apt install mtools`") from None
        except subprocess.TimeoutExpired:
            raise FlashError(f"{program} has not ended within {_LONGEST_S:.0f} s") from None
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip() or "it says nothing more"
            raise FlashError(
                f"the image's boot volume is damaged, or none ({program}: {said}): "
                "take a stock image"
            )
        return ended.stdout
