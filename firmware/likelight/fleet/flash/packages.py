"""The Debian packages that a device installs at its first boot, from its card."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from likelight.fleet.flash.errors import FlashError

ON_VOLUME: Final = "likelight/packages"
MANIFEST: Final = "bundle.json"
_BEGINS: Final = b"!<arch>\ndebian-binary"

Packages = Mapping[str, bytes]
"""What each file on the boot volume holds, by its path there."""


class Bundle(BaseModel):
    """What `likelight fleet bundle` says of the folder that it has made."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: str
    architecture: str
    image: str
    """The file that listed the image's own packages."""
    made_at: datetime
    packages: Mapping[str, str]
    """The SHA-256 of each package, by its file's name."""


def read_packages(folder: Path) -> Packages:
    """Return the packages in `folder`, all its files that end in .deb; those of a bundle must be
    as it was made. Raises `FlashError`."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".deb")
        packages = {f"{ON_VOLUME}/{file.name}": file.read_bytes() for file in files}
        manifest = folder / MANIFEST
        bundle = Bundle.model_validate_json(manifest.read_bytes()) if manifest.exists() else None
    except OSError as error:
        raise FlashError(f"{error.filename} can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise FlashError(f"{manifest} is damaged: make the bundle anew") from error
    if not packages:
        raise FlashError(f"{folder} has no package: its files end in .deb")
    for path, content in packages.items():
        if not content.startswith(_BEGINS):
            raise FlashError(f"{folder / Path(path).name} is no Debian package: copy it anew")
    if bundle is not None:
        _compare(folder, bundle, packages)
    return packages


def _compare(folder: Path, bundle: Bundle, packages: Packages) -> None:
    found = {Path(path).name: hashlib.sha256(held).hexdigest() for path, held in packages.items()}
    for name in sorted(found.keys() | bundle.packages.keys()):
        if name not in found:
            raise FlashError(f"{folder / name} is missing: copy the whole bundle anew")
        if name not in bundle.packages:
            raise FlashError(f"{folder / name} is not of this bundle: move it out of the folder")
        if found[name] != bundle.packages[name]:
            raise FlashError(f"{folder / name} is damaged: copy it anew, or make the bundle anew")
