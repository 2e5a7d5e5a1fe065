"""What a seed needs on a card's boot volume, and what there must stand already, however the files
are reached: on a mounted volume, or in an image.
"""

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Final

from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.packages import Packages
from likelight.fleet.seed.seed import FIRST_BOOT, USER_DATA, Seed

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

Read = Callable[[str], bytes | None]
"""Returns what a file of the volume holds, or None where it has no such file."""

_STOCK_USER_DATA = b"#cloud-config\n"
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


def files_beside_cmdline(seed: Seed, packages: Packages, read: Read) -> dict[str, bytes]:
    """Return the files of `seed` and the `packages` by their paths, but for what the words on the
    command line replace."""
    files = {path: content for path, content in seed.files.items() if path != "user-data"}
    if read("user-data") == USER_DATA:
        # The command line starts the script already; twice at once it would stand in its way.
        files["user-data"] = _STOCK_USER_DATA
    return files | dict(packages)


def cmdline(words: list[str]) -> bytes:
    """Return the file of the kernel's command line."""
    return (" ".join(words) + "\n").encode()


def words_besides_ours(volume: PurePath, read: Read) -> list[str]:
    """Return the words on the kernel's command line of a boot volume as a stock image has it, but
    for ours. Raises `FlashError`, which names `volume`, for any other."""
    missing = [name for name in _NEEDED if read(name) is None]
    if missing:
        raise FlashError(
            f"{volume} is not the boot volume of a Raspberry Pi: it has no {missing[0]}. Name the "
            "drive or folder that is called bootfs, or a stock image"
        )
    try:
        words = (read(CMDLINE) or b"").decode("ascii").split()
    except UnicodeDecodeError:
        words = []
    if not any(word.startswith("root=") for word in words):
        raise FlashError(f"{volume / CMDLINE} is damaged: write the image onto the card again")
    ours = {word.partition("=")[0] for word in WORDS}
    others = [word for word in words if word.partition("=")[0] not in ours]
    foreign = [word for word in words if word not in others and word not in WORDS]
    by_imager = [name for name in _OF_IMAGER if read(name) is not None]
    settings = _SETTINGS_OF_IMAGER.items()
    by_imager += [name for name, pattern in settings if _has(read(name), pattern)]
    if foreign or any(word.startswith("ds=nocloud") for word in words):
        by_imager.append(CMDLINE)
    if by_imager:
        raise FlashError(
            f"{volume / by_imager[0]} has settings of Raspberry Pi Imager's own, which would be "
            "lost or stand in the way: write the image again, and choose No where Imager asks "
            "whether to apply settings"
        )
    return others


def _has(content: bytes | None, pattern: re.Pattern[bytes]) -> bool:
    return content not in (None, USER_DATA) and pattern.search(content or b"") is not None
