"""A folder with the seeds of many stores: for each a folder and a ZIP with the same files.

What stands under a store's name is whole at each instant, also after a kill: it is written and read
again under another name first.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.ledger import LEDGER, Ledger, opened_ledger
from likelight.fleet.flash.orders import Order
from likelight.fleet.seed.seed import Seed
from likelight.runtime.atomic_file import sync_folder

GUIDE: Final = "README.txt"
_WORKERS = 8
"""Most of a seed's time is the disk's; deriving keys leaves the interpreter to others, too."""

_NO_FOLDERS_ON_WINDOWS = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
_GUIDE_TEXT = """\
For the person who prepares the cards, at a computer with Windows. Nothing is to be installed but
Raspberry Pi Imager. A folder here has what the device of one store needs; keep all of it secret.

1. Raspberry Pi Imager: choose the device, Raspberry Pi OS Lite (64-bit), and the card. Where it
   asks whether to apply settings, choose No (or skip its customisation): a card with settings of
   Imager's own can't be used. Nor can one that has been in a device: write the image onto it again.
2. Take the card out and put it in again. Explorer shows a drive with the name bootfs.
3. Open the folder of the store. Mark everything in it (Ctrl+A), copy it (Ctrl+C), open the drive
   bootfs, and insert it there (Ctrl+V). Windows finds user-data there already: choose Replace.
   (Or open the store's ZIP, choose Extract all, and name the drive.)
4. Open the folder likelight on the drive, make a folder packages there (New, Folder), and copy the
   .deb files that IT gave you into it. Without them the device installs nothing, and stays dark.
5. Right-click the drive, choose Eject, and write the store's number on the card.

A wrong Wi-Fi name or passphrase? Correct the list, and write this folder anew. Delete this folder
once the devices are at work: it holds codes and the keys of networks.
"""


def write_seeds(
    folder: Path,
    orders: Sequence[Order],
    now: Callable[[], datetime],
    progress: Callable[[int], None],
) -> int:
    """Write the seeds of `orders` into `folder`, but for those that are there already, whole and
    the same; return how many were written. `progress` is called with how many are done.

    Blocks. Raises `FlashError`. After a kill, Ctrl-C or a full disk the same call goes on.
    """
    try:
        _make_folder(folder)
        with opened_ledger(folder) as ledger:
            _sweep(folder)
            _write_guide(folder / GUIDE)
            with closing(_written(folder, orders)) as results:
                return _noted(results, ledger, now, progress)
    except OSError as error:
        where = error.filename or folder
        raise FlashError(
            f"{where} can't be written: {error.strerror}. Mend that, and type the same again"
        ) from error


def name_of(kid: str) -> str:
    """Return what the folder of the store `kid` is called: its id, but for a few that Windows
    keeps for itself. No id has a _."""
    return f"{kid}_" if kid in _NO_FOLDERS_ON_WINDOWS else kid


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not (folder / LEDGER).exists():
            if any(folder.iterdir()):
                raise FlashError(f"{folder} has other files in it: name a new folder") from None
            folder.chmod(0o700)


def _write_guide(file: Path) -> None:
    guide = _GUIDE_TEXT.replace("\n", "\r\n").encode()
    if not file.exists() or file.read_bytes() != guide:
        _write(file, guide)


def _sweep(folder: Path) -> None:
    """Remove what a kill has left half done."""
    for left in [*folder.glob(".*.new"), *folder.glob(".*.old")]:
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def _written(folder: Path, orders: Sequence[Order]) -> Generator[tuple[Seed, bool]]:
    """Yield each seed that is on the disk, in order, and whether it is new."""

    def written(order: Order) -> tuple[Seed, bool]:
        seed = order.seed()
        if _is_there(folder, seed):
            return seed, False
        _put(folder, seed)
        return seed, True

    with ThreadPoolExecutor(_WORKERS) as pool:
        futures = [pool.submit(written, order) for order in orders]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _noted(
    results: Iterator[tuple[Seed, bool]],
    ledger: Ledger,
    now: Callable[[], datetime],
    progress: Callable[[int], None],
) -> int:
    new = 0
    for done, (seed, is_new) in enumerate(results, 1):
        # The folder may be whole, and its line not: the kill came between them.
        if is_new or ledger.written.get(seed.kid) != seed.sha256:
            ledger.add(seed.kid, seed.sha256, now())
        new += is_new
        progress(done)
    return new


def _is_there(folder: Path, seed: Seed) -> bool:
    place = folder / name_of(seed.kid)
    archive = _archive(place)
    if not place.is_dir() or not archive.is_file() or archive.read_bytes() != seed.zipped():
        return False
    return _files_in(place) == seed.files


def _put(folder: Path, seed: Seed) -> None:
    place = folder / name_of(seed.kid)
    draft, before = (folder / f".{place.name}.{what}" for what in ("new", "old"))
    zip_draft = folder / f".{place.name}.zip.new"
    draft.mkdir(mode=0o700)
    for path, content in seed.files.items():
        (draft / path).parent.mkdir(mode=0o700, exist_ok=True)
        _write(draft / path, content)
    for each in {(draft / path).parent for path in seed.files}:
        sync_folder(each)
    _write(zip_draft, seed.zipped())
    if _files_in(draft) != seed.files or zip_draft.read_bytes() != seed.zipped():
        raise FlashError(f"{draft} was read otherwise than it was written: choose another disk")
    # The old ZIP goes first: what is there of a store at any instant says one thing.
    _archive(place).unlink(missing_ok=True)
    if place.exists():
        place.rename(before)
    draft.rename(place)
    zip_draft.rename(_archive(place))
    sync_folder(folder)
    if before.exists():
        shutil.rmtree(before)


def _archive(place: Path) -> Path:
    return place.with_name(f"{place.name}.zip")


def _files_in(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if not path.is_dir()
    }


def _write(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
