"""A manifest for Raspberry Pi Imager: opened there, it offers one image and nothing else.

The fields are those that Imager's own schema of its list requires, and what it reads beside them.
"""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.image import opened_image

SUFFIX: Final = ".rpi-imager-manifest"
"""Imager opens a file of this kind by a double click."""
_DEVICES: Final = {
    "pi5-64bit": "Raspberry Pi 5",
    "pi4-64bit": "Raspberry Pi 4",
    "pi3-64bit": "Raspberry Pi 3, Zero 2 W",
}
"""Imager's own names of the boards. It shows an image for those that both lists name."""
_BLOCK: Final = 1 << 20


def manifest(image: Path, url: str, progress: Callable[[int], None]) -> str:
    """Return the manifest of `image`, which will be at `url`; `progress` gets the bytes that were
    decompressed. Reads it twice, whole. Raises `FlashError`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or not url.isprintable() or " " in url:
        raise FlashError("--url: write where the image will be, as in https://example.com/a.img.xz")
    with opened_image(image) as opened:
        size = 0
        for block in opened.blocks(_BLOCK):
            size += len(block)
            progress(size)
        extracted = opened.sha256
    with image.open("rb") as file:
        download = hashlib.file_digest(file, "sha256").hexdigest()
        state = os.fstat(file.fileno())
    entry = {
        "name": "likelight",
        "description": "For a kitchen of likelight: copy a store's seed onto the card after that",
        "icon": "",
        "url": url,
        "extract_size": size,
        "extract_sha256": extracted,
        "image_download_size": state.st_size,
        "image_download_sha256": download,
        "release_date": datetime.fromtimestamp(state.st_mtime, UTC).date().isoformat(),
        "devices": [*_DEVICES],
        # Imager offers no settings of its own then, which would replace the seed's user-data.
        "init_format": "none",
    }
    boards = [
        {"name": name, "description": name, "tags": [tag], "matching_type": "exclusive"}
        for tag, name in _DEVICES.items()
    ]
    return json.dumps({"imager": {"devices": boards}, "os_list": [entry]}, indent=2) + "\n"
