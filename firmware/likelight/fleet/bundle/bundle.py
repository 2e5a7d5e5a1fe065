"""The packages for the cards of one release: ours, what they need, and what a stock image lacks."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from likelight.fleet.bundle.apt import Apt, Archive
from likelight.fleet.bundle.stock import RELEASES, Fields, paragraphs, stock_status
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.packages import MANIFEST, Bundle
from likelight.fleet.stores.table import named
from likelight.runtime.atomic_file import sync_folder

_OUR_KINDS: Final = ("likelight", "likelight-app-", "likelight-deps-")
_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class BundleOrder:
    """What is to be collected."""

    ours: Path
    """The folder of our own packages, from `make deb`."""
    image_list: Path
    """What lists the packages of the stock image."""
    release: str
    architecture: str
    archives: tuple[Archive, ...]
    without: frozenset[str]
    """What likelight recommends and these devices shall not have."""
    into: Path


@dataclass(frozen=True, slots=True)
class Work:
    """How far it is."""

    what: str
    done: int
    """In bytes."""
    total: int


def make_bundle(
    order: BundleOrder, now: Callable[[], datetime], tell: Callable[[Work | str], None]
) -> Bundle:
    """Collect what `order` says into its folder, which must not be there yet; return its manifest.

    Until all is there and checked, it is collected beside that folder, with the same name and
    `.unfinished`; after a kill, Ctrl-C or a fault the same call goes on there. Blocks. Raises
    `FlashError`.
    """
    try:
        if order.into.exists():
            raise FlashError(f"{order.into} is there already: name a new folder")
        return _make_bundle(order, now, tell)
    except OSError as error:
        words = f"{error.filename or order.into}: {error.strerror}. Mend that"
        raise FlashError(f"{words}, and type the same again to go on") from error


def _make_bundle(
    order: BundleOrder, now: Callable[[], datetime], tell: Callable[[Work | str], None]
) -> Bundle:
    listed = order.image_list.read_text("utf-8", errors="replace")
    ours = _our_packages(order)
    for archive in order.archives:
        if not os.access(archive.keyring, os.R_OK):
            raise FlashError(f"{archive.keyring}, the keyring of {archive.url}, can't be read")
    unfinished = order.into.absolute().with_name(f"{order.into.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    apt = Apt(unfinished, order.architecture, order.archives)
    tell("Reading what the archives have")
    apt.update()
    apt.has_installed(stock_status(listed, apt.available(), order.release, order.architecture))
    wanted = [*map(str, ours), *_recommended(ours, order.without)]
    planned = apt.plan(wanted)
    total = sum(package.size for package in planned)
    if planned:
        what = f"Downloading {len(planned)} packages"
        apt.download(wanted, lambda part: tell(Work(what, round(part * total), total)))
        tell(Work(what, total, total))
    made = unfinished / "packages"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for package in planned:
        downloaded = apt.downloaded / package.file
        if _sha256(downloaded) != package.sha256:
            downloaded.unlink()
            raise FlashError(
                f"{package.file} was damaged on this computer's disk, and is deleted: type the "
                "same again to go on"
            )
        # Without the epoch, whose colon apt writes as %3a: Windows may copy it by a script.
        shutil.copyfile(downloaded, made / re.sub(r"_\d+%3a", "_", package.file))
    for file in ours:
        shutil.copyfile(file, made / file.name)
    files = sorted(made.iterdir())
    tell("Trying whether they can be installed offline")
    apt.try_offline(files)
    bundle = Bundle(
        release=order.release,
        architecture=order.architecture,
        image=order.image_list.name,
        made_at=now(),
        packages={file.name: _sha256(file) for file in files},
    )
    (made / MANIFEST).write_text(bundle.model_dump_json(indent=2) + "\n")
    for file in made.iterdir():
        _sync(file)
    sync_folder(made)
    made.rename(order.into)
    sync_folder(order.into.absolute().parent)
    shutil.rmtree(unfinished)
    return bundle


def _our_packages(order: BundleOrder) -> tuple[Path, ...]:
    """Return our packages for the device, one of each kind."""
    found: dict[str, list[Path]] = {kind: [] for kind in _OUR_KINDS}
    for file in sorted(order.ours.glob("likelight*.deb")):
        fields = _fields(file)
        fits = fields["Architecture"] in (order.architecture, "all")
        kind = re.sub("^(likelight-(?:app|deps)-).*", r"\1", fields["Package"])
        if fits and kind in found and fields["Version"].endswith(f"deb{RELEASES[order.release]}"):
            found[kind].append(file)
    for kind, files in found.items():
        if not files:
            raise FlashError(
                f"{order.ours} has no package {kind.strip('-')} for {order.release} on "
                f"{order.architecture}: `make deb` builds it (bookworm's are in dist/bookworm)"
            )
        if len(files) > 1:
            raise FlashError(
                f"{order.ours} has packages of several versions: {named([f.name for f in files])}. "
                "Leave one version there"
            )
    return tuple(file.absolute() for (file,) in found.values())


def _recommended(ours: Sequence[Path], without: frozenset[str]) -> list[str]:
    """Return what our packages recommend, but for what is in `without`."""
    said = ", ".join(_fields(file).get("Recommends", "") for file in ours)
    names = [name for name in map(str.strip, said.split(",")) if name]
    if unknown := sorted(without - set(names)):
        raise FlashError(f"--without: likelight does not recommend {named(unknown)}")
    return [name for name in names if name not in without]


def _fields(package: Path) -> Fields:
    """Return the fields of a package's file. Raises `FlashError`."""
    command = ("dpkg-deb", "--field", package)
    try:
        said = subprocess.run(  # noqa: S603
            command, capture_output=True, encoding="utf-8", timeout=_WITHIN_S, check=True
        )
    except FileNotFoundError:
        raise FlashError(
            "dpkg-deb is missing: run this on Debian, Ubuntu or Raspberry Pi OS"
        ) from None
    except subprocess.SubprocessError as error:
        raise FlashError(f"{package} is no Debian package: copy it anew, or build it") from error
    (fields,) = paragraphs(said.stdout)
    return fields


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
