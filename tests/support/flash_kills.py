"""Kills `likelight flash` at each of its operations on files, and has it go on. A program of its
own, since each attempt is a fork: `python -m support.flash_kills KIND FOLDER`, which ends with 0.
"""

import json
import os
import shutil
import signal
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from likelight.cli.flash_card import CardOptions, onto_cards
from likelight.config.reset import RESET_FILE, begin_reset, finish_reset, reset_is_begun
from likelight.config.settings import Config
from likelight.contract.enrolment import new_code
from likelight.fleet.boot_volume.take import Places, network_has_worked, take
from likelight.fleet.flash.orders import Order, read_orders
from likelight.fleet.flash.seed_folder import write_seeds
from likelight.fleet.flash.volume import WORDS, put_on_volume
from likelight.fleet.seed.boot_text import BOOT_TEXT
from likelight.fleet.seed.seed import Seed
from likelight.runtime.clock import utc_now
from support.cards import OLD_HEAD, ROOT_AT, Slot, make_image

BELONGINGS = (
    "token",
    "token.new",
    "device.token",
    "device.tokens",
    "device.sqlite",
    "device.sqlite-wal",
    "device.sqlite.damaged-1",
    "cloud.sqlite",
    "consent.json",
    "privacy",
    "paired.toml",
    "last-good-config.json",
    "selftest.json",
)
"""What a device keeps of its store."""
STOCK_CMDLINE = "console=tty1 root=PARTUUID=1-02 rootwait resize\n"
OPERATIONS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"}


def attempts_on_seeds(folder: Path) -> None:
    """Write an old list, then a new one, killed at the first operation, the second, and so on."""
    codes = folder / "codes.csv"
    codes.write_text("store,code\n" + "".join(f"{kid},{new_code()}\n" for kid in ("a", "b")))
    old, new = (_orders(folder, codes, rows) for rows in (("a,Old",), ("a,New", "b,Other")))
    before = folder / "before"
    assert forked(lambda: write_seeds(before, old, utc_now, _nothing)) == 0
    allowed = {each.seed().sha256: each.seed().files for each in (*old, *new)}
    last = {order.store.kid: order.seed().sha256 for order in new}
    seeds = folder / "seeds"
    # A new folder differs in its first operations alone.
    for start, most in ((None, 8), (before, 1000)):
        for number in range(1, most):
            shutil.rmtree(seeds, ignore_errors=True)
            if start:
                shutil.copytree(start, seeds)
            ended = forked(
                lambda: killed(number, seeds, lambda: write_seeds(seeds, new, utc_now, _nothing))  # noqa: B023
            )
            _check(seeds, allowed, last)
            assert forked(lambda: write_seeds(seeds, new, utc_now, _nothing)) == 0
            assert _check(seeds, allowed, last) == last
            assert not list(seeds.glob(".*")), "something was left half done"
            if ended == 0:
                assert number > 30, f"it has only {number} operations"
                return
            assert ended == -signal.SIGKILL
    raise AssertionError("it has too many operations")


def attempts_on_volume(folder: Path) -> None:
    """Put a seed onto a stock volume that has another store's already, killed likewise."""
    codes = folder / "codes.csv"
    codes.write_text("store,code\n" + "".join(f"{kid},{new_code()}\n" for kid in ("a", "b")))
    before, after = (order.seed() for order in _orders(folder, codes, ("a,One", "b,Two")))
    stock = folder / "stock"
    stock.mkdir()
    (stock / "config.txt").touch()
    (stock / "cmdline.txt").write_text(STOCK_CMDLINE)
    put_on_volume(stock, before, {})
    volume = folder / "volume"
    for number in range(1, 1000):
        shutil.rmtree(volume, ignore_errors=True)
        shutil.copytree(stock, volume)
        ended = forked(lambda: killed(number, volume, lambda: put_on_volume(volume, after, {})))  # noqa: B023
        cmdline = (volume / "cmdline.txt").read_text()
        assert cmdline.startswith(STOCK_CMDLINE.strip()), "it would not boot"
        seeds = [_is_whole(volume, seed) for seed in (before, after)]
        assert "systemd.run=" not in cmdline or any(seeds), "it would start from half a seed"
        assert forked(lambda: put_on_volume(volume, after, {})) == 0
        assert _is_whole(volume, after)
        assert (volume / "cmdline.txt").read_text().endswith(f" {' '.join(WORDS)}\n")
        if ended == 0:
            assert number > 15, f"it has only {number} operations"
            return
        assert ended == -signal.SIGKILL
    raise AssertionError("it has too many operations")


def attempts_on_boot_volume(folder: Path) -> None:
    """Take over a volume's text on a new device, and its network once it has worked, killed
    likewise."""
    codes = folder / "codes.csv"
    codes.write_text(f"store,code\na,{new_code()}\n")
    seed = _orders(folder, codes, ("a,One",))[0].seed()
    network = b"ssid = Kitchen\r\nsecurity = wpa2\r\npassphrase = open-sesame\r\n"
    (folder / "stock").mkdir()
    (folder / "stock" / BOOT_TEXT).write_bytes(seed.files[BOOT_TEXT] + network)
    volume, etc = folder / "volume", folder / "volume" / "etc"
    places = Places(etc / "likelight" / "likelight.toml", etc, folder / "run" / "report.json")
    whole: dict[str, bytes] = {}

    def boots() -> None:
        take(volume, places, None)
        network_has_worked(volume, places)

    for number in [1000, *range(1, 1000)]:
        shutil.rmtree(volume, ignore_errors=True)
        shutil.copytree(folder / "stock", volume)
        etc.mkdir()
        ended = forked(lambda: killed(number, volume, boots))  # noqa: B023
        assert forked(boots) == 0
        found = {str(path.relative_to(volume)): path for path in volume.rglob("*")}
        files = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
        whole = whole or files
        assert {"etc/likelight/enrolment-code", "etc/likelight.nmconnection"} <= files.keys()
        assert {name: files.get(name) for name in whole} == whole
        left = [name for name in files.keys() - whole.keys() if "code-" in name or "tion-" in name]
        assert left == [], "a secret's draft is left"
        assert b"open-sesame" not in b"".join(files.values())
        if number < 1000 and ended == 0:
            assert number > 15, f"it has only {number} operations"
            return
        assert ended == (0 if number == 1000 else -signal.SIGKILL)
    raise AssertionError("it has too many operations")


def attempts_on_card(folder: Path) -> None:
    """Write the card of one store, killed likewise."""
    codes = folder / "codes.csv"
    codes.write_text(f"store,code\na,{new_code()}\n")
    orders = _orders(folder, codes, ("a,One",))
    image, office = make_image(folder / "stock.img"), folder / "office"
    stock, ledger = image.read_bytes(), office / "cards.jsonl"
    options = CardOptions("/dev/sdb", image, None, "0042", large=False, packages={})
    for number in range(1, 1000):
        shutil.rmtree(office, ignore_errors=True)
        office.mkdir()
        slot = Slot(office)
        slot.insert(head=OLD_HEAD)

        def write(slot: Slot = slot) -> None:
            onto_cards(orders, options, office, slot.machine())

        ended = forked(lambda: killed(number, office, write))  # noqa: B023
        card = slot.file.read_bytes()
        noted = ledger.read_bytes() if ledger.exists() else b""
        whole = card[:512] == stock[:512] and card[ROOT_AT : len(stock)] == stock[ROOT_AT:]
        untouched = card == OLD_HEAD.ljust(len(card), b"\0")
        assert whole or untouched or card[:512] == bytes(512), "half a card would boot"
        assert whole or b'"good"' not in noted, "the ledger says more than is there"
        assert b'"begun"' in noted or untouched, "a card was begun, and not noted"
        if b'"good"' not in noted:
            assert forked(write) == 0
            assert slot.file.read_bytes()[ROOT_AT : len(stock)] == stock[ROOT_AT:]
        assert ledger.read_bytes().endswith(b"}\n")
        if ended == 0:
            assert number > 20, f"it has only {number} operations"
            return
        assert ended == -signal.SIGKILL
    raise AssertionError("it has too many operations")


def attempts_on_reset(folder: Path) -> None:
    """Have a device forget its store, killed likewise, and start again after that."""
    before, after, state = folder / "before", folder / "after", folder / "state"
    before.mkdir()
    secret = b"what the old store must not leave"
    for name in BELONGINGS:
        (before / name).write_bytes(secret)
    config = Config(state_dir=state)

    def resets() -> None:
        begin_reset(config)
        finish_reset(config)

    def starts() -> None:
        if reset_is_begun(state):
            finish_reset(config)

    for number in range(1, 1000):
        for each in (state, after):
            shutil.rmtree(each, ignore_errors=True)
        shutil.copytree(before, state)
        after.mkdir()
        for name in BELONGINGS:
            # The bytes on the disk, once their name is gone.
            (after / name).hardlink_to(state / name)
        ended = forked(lambda: killed(number, state, resets))  # noqa: B023
        begun = (state / RESET_FILE).exists()
        assert forked(starts) == 0
        left = [path.name for path in state.iterdir() if not path.name.startswith(".")]
        whole = [path.read_bytes() == secret for path in after.iterdir()]
        if begun:
            assert (left, any(whole)) == ([RESET_FILE], False), "a half of the old store"
            assert not reset_is_begun(state)
        else:
            assert (sorted(left), all(whole)) == (sorted(BELONGINGS), True)
        if ended == 0:
            assert number > 20, f"it has only {number} operations"
            return
        assert ended == -signal.SIGKILL
    raise AssertionError("it has too many operations")


def _is_whole(volume: Path, seed: Seed) -> bool:
    files = {path: content for path, content in seed.files.items() if path != "user-data"}
    there = {path: (volume / path).read_bytes() for path in files if (volume / path).exists()}
    return there == files


def _check(
    seeds: Path, allowed: dict[str, dict[str, bytes]], last: dict[str, str]
) -> dict[str, str]:
    """Return what the ledger says of each store, after a look at all that has a store's name."""
    noted: dict[str, str] = {}
    ledger = seeds / "ledger.jsonl"
    for line in ledger.read_bytes().split(b"\n")[:-1] if ledger.exists() else []:
        entry = json.loads(line)
        noted[entry["store"]] = entry["sha256"]
    for kid in last:
        place, archive = seeds / kid, seeds / f"{kid}.zip"
        found = []
        if place.exists():
            paths = (path for path in place.rglob("*") if path.is_file())
            found.append({str(path.relative_to(place)): path.read_bytes() for path in paths})
        if archive.exists():
            with zipfile.ZipFile(archive) as opened:
                found.append({name: opened.read(name) for name in opened.namelist()})
        assert all(files in allowed.values() for files in found), "a half seed has a store's name"
        assert all(files == found[0] for files in found), "folder and ZIP differ"
        if noted.get(kid) == last[kid]:
            assert found == [allowed[last[kid]]] * 2, "the ledger says more than is there"
    return noted


def _orders(folder: Path, codes: Path, rows: tuple[str, ...]) -> tuple[Order, ...]:
    stores = folder / "stores.csv"
    stores.write_text("store,name,board,kit\n" + "".join(f"{row},pi-5,cheap\n" for row in rows))
    return read_orders(stores, codes, "https://cloud.example", (), None)


def killed(number: int, folder: Path, work: Callable[[], object]) -> None:
    """Do `work`, and be killed before operation `number` in `folder`."""
    done = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event in OPERATIONS and str(arguments[0]).startswith(str(folder)):
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    work()


def forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  nothing may return into the parent's loop
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _nothing(_: int) -> None:
    return None


ATTEMPTS = {
    "seeds": attempts_on_seeds,
    "volume": attempts_on_volume,
    "boot-volume": attempts_on_boot_volume,
    "card": attempts_on_card,
    "reset": attempts_on_reset,
}

if __name__ == "__main__":
    ATTEMPTS[sys.argv[1]](Path(sys.argv[2]))
