"""Which packages a stock image has, by the list that is published beside it, and as dpkg's status.

The list (IMAGE.info, or what `dpkg -l` says) has names and versions only. What each needs and
provides is taken from the archives' indexes. A copy of the image's /var/lib/dpkg/status is exact.
"""

import re
from collections.abc import Iterator
from typing import Final

from likelight.fleet.flash.errors import FlashError

RELEASES: Final = {"trixie": 13, "bookworm": 12}
"""The number of each release of Debian, in the version of its package base-files."""

_INSTALLED: Final = re.compile(r"^[hi]i +([^\s:]+)(?::\S+)? +(\S+) +(\S+)", re.MULTILINE)
_FIELD: Final = re.compile(r"^([A-Za-z0-9-]+):((?:.*)(?:\n[ \t].*)*)", re.MULTILINE)
_OF_THE_FILE: Final = frozenset(("Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512"))
_OF_ANY_VERSION: Final = (
    *("Pre-Depends", "Depends", "Provides", "Replaces"),
    *("Multi-Arch", "Essential", "Important"),
)
_AT_LEAST: Final = re.compile(r" *\((?:>=|>>|=) *([^)]*)\)")

Fields = dict[str, str]


def stock_status(listed: str, available: str, release: str, architecture: str) -> str:
    """Return dpkg's status of an image whose list of packages is `listed`; `available` is what the
    archives offer.

    Raises `FlashError` where `listed` is none, or one of another release or architecture.
    """
    is_status = "\nStatus: install ok installed\n" in listed
    if is_status:
        held = [
            fields
            for fields in paragraphs(listed)
            if fields.get("Status", "").endswith(" ok installed")
        ]
        installed = [(one["Package"], one["Version"], one["Architecture"]) for one in held]
    else:
        installed = _INSTALLED.findall(listed)
    _check(installed, release, architecture)
    if is_status:
        return listed
    offered = {one["Package"]: one for one in paragraphs(available)}
    return "\n".join(
        _paragraph(name, version, of, offered.get(name, {})) for name, version, of in installed
    )


def paragraphs(text: str) -> Iterator[Fields]:
    """Return the paragraphs of a control file, a status or an index: fields by their names."""
    for paragraph in re.split(r"\n\n+", text):
        fields = {name: value.strip() for name, value in _FIELD.findall(paragraph)}
        if fields:
            yield fields


def _check(installed: list[tuple[str, str, str]], release: str, architecture: str) -> None:
    of = {name: (version, arch) for name, version, arch in installed}
    if "base-files" not in of or "dpkg" not in of:
        raise FlashError(
            "the list of the image's packages has none: give the .info file that is published "
            "beside the image, or the image's /var/lib/dpkg/status"
        )
    version, _ = of["base-files"]
    if not version.startswith(str(RELEASES[release])):
        raise FlashError(
            f"the list is of another release than {release}: its base-files is {version}. Name the "
            "release with --release"
        )
    _, arch = of["dpkg"]
    if arch != architecture:
        raise FlashError(
            f"the list is of an image for {arch}: name it with --arch, or take another"
        )


def _paragraph(name: str, version: str, architecture: str, offered: Fields) -> str:
    if offered.get("Version") == version:
        # All of it: where one field differs, apt takes it for another package, and fetches it.
        kept = {field: value for field, value in offered.items() if field not in _OF_THE_FILE}
    else:
        kept = {field: offered[field] for field in _OF_ANY_VERSION if field in offered}
        for field in ("Pre-Depends", "Depends"):
            if field in kept:
                kept[field] = _as_then(kept[field], offered["Version"], version)
    kept |= {
        "Package": name,
        "Status": "install ok installed",
        "Version": version,
        "Architecture": architecture,
    }
    return "".join(f"{field}: {value}\n" for field, value in kept.items())


def _as_then(needs: str, now: str, then: str) -> str:
    """Return what the version `then` needed, by what `now` needs: the image fits together, so that
    no version counts, but for parts of one source, which go up together."""
    return _AT_LEAST.sub(lambda wants: f" (= {then})" if wants[1] == now else "", needs)
