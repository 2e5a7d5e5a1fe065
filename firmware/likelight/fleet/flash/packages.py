"""The Debian packages that a device installs at its first boot, from its card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from likelight.fleet.flash.errors import FlashError

ON_VOLUME: Final = "likelight/packages"
_BEGINS: Final = b"!<arch>\ndebian-binary"

Packages = Mapping[str, bytes]
"""What each file on the boot volume holds, by its path there."""


def read_packages(folder: Path) -> Packages:
    """Return the packages in `folder`, all its files that end in .deb. Raises `FlashError`."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".deb")
        packages = {f"{ON_VOLUME}/{file.name}": file.read_bytes() for file in files}
    except OSError as error:
        raise FlashError(f"{error.filename} can't be read: {error.strerror}") from error
    if not packages:
        raise FlashError(f"{folder} has no package: its files end in .deb")
    for path, content in packages.items():
        if not content.startswith(_BEGINS):
            raise FlashError(f"{folder / Path(path).name} is no Debian package: copy it anew")
    return packages
