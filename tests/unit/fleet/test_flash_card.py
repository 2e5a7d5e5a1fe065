"""`likelight flash --to DISK`: what it writes, what it refuses, and that it believes no card.

A file stands in for the disk, behind the calls by which flash reaches one; no card was at hand.
"""

import errno
import hashlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from likelight.cli.flash_progress import Progress
from likelight.cli.main import main
from likelight.contract.enrolment import new_code
from likelight.fleet.flash.block_device import opened_disk
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.orders import read_orders
from support.cards import BOOT_AT, CMDLINE, END, MB, OLD_HEAD, ROOT_AT, Slot, make_image, mtools
from support.cloud import NOON

SECRET = "open-sesame"
TESTS = Path(__file__).parents[2]
EIO, ENOSPC = errno.EIO, errno.ENOSPC


class Office:
    """Has lists, an image and a slot, and makes cards."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self._capsys = capsys
        self.slot = Slot(folder)
        monkeypatch.setattr("likelight.cli.flash_card.Machine", self.slot.machine)
        self.image = make_image(folder / "stock.img")
        self.codes: dict[str, str] = {}
        self.write("0422")

    def write(self, *wired: str) -> None:
        """Write the lists, of 0421 and of stores with a cable."""
        rows = "".join(f"{kid},Port,,pi-5,cheap,,,\n" for kid in wired)
        (self.folder / "stores.csv").write_text(
            "store,name,country,board,kit,ssid,security,passphrase\n"
            f"0421,Harbour,DE,pi-5,reference,Kitchen,wpa2,{SECRET}\n{rows}"
        )
        self.codes = {kid: new_code() for kid in ("0421", *wired)}
        rows = "".join(f"{kid},{code}\n" for kid, code in self.codes.items())
        (self.folder / "codes.csv").write_text(f"store,code\n{rows}")

    def flash(
        self, *options: str, to: str = "/dev/sdb", image: Path | None = None
    ) -> tuple[int, str]:
        """Return the exit code and all that was said, in which nothing is secret."""
        self._capsys.readouterr()
        files = ("--stores", self.folder / "stores.csv", "--codes", self.folder / "codes.csv")
        words = (*files, "--cloud", "https://cloud.example", "--image", image or self.image)
        code = main([str(word) for word in ("flash", *words, "--to", to, *options)])
        said = "".join(self._capsys.readouterr())
        assert not [each for each in (SECRET, *self.codes.values()) if each in said]
        return code, said

    def agreed(self, *options: str, image: Path | None = None) -> tuple[int, str]:
        """Make the card of 0421, and type what is asked for."""
        self.slot.answers = ["sdb"]
        return self.flash("--store", "0421", *options, image=image)

    def events(self) -> list[tuple[str, str]]:
        ledger = self.folder / "cards.jsonl"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        return [(line["store"], line["event"]) for line in map(json.loads, lines)]


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Office:
    return Office(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("program", [None, "xz", "zstd"])
def test_a_card_has_the_image_and_the_seed_and_its_head_comes_last(
    office: Office, program: str | None
) -> None:
    image, stock = office.image, office.image.read_bytes()
    if program:
        subprocess.run([program, "-q", "-1", "--keep", image], check=True)
        image = image.with_name(f"stock.img.{'xz' if program == 'xz' else 'zst'}")
    sha256 = hashlib.sha256(image.read_bytes()).hexdigest()
    image.with_name(f"{image.name}.sha256").write_text(f"{sha256.upper()}  other-name.img\n")
    packages = office.folder / "debs"
    packages.mkdir()
    package = b"!<arch>\ndebian-binary   " + bytes(range(256)) * 300
    (packages / "likelight_1.0~rc1+deb13_all.deb").write_bytes(package)
    (packages / "notes.txt").touch()
    code, said = office.agreed("--packages", str(packages), image=image)
    assert (code, "/dev/sdb is the card of 0421, and all of it was read again" in said) == (0, True)
    assert "/dev/sdb: Generic Card Reader, 0.0 GB, serial 0042. All that is on it" in said
    assert "written: 5 of 5 MB\n" in said
    assert "read again: 5 of 5 MB\n" in said

    card = office.slot.file
    assert card.read_bytes()[ROOT_AT:END] == stock[ROOT_AT:]
    assert card.read_bytes()[:512] == stock[:512]
    assert mtools("mtype", card, "::cmdline.txt").decode().startswith(CMDLINE.strip())
    assert b" systemd.run=/boot/firmware/likelight/first-boot.sh " in mtools(
        "mtype", card, "::cmdline.txt"
    )
    assert f"code = {office.codes['0421']}".encode() in mtools("mtype", card, "::likelight.txt")
    assert b"[wifi-security]" in mtools("mtype", card, "::likelight/network.nmconnection")
    assert mtools("mtype", card, "::likelight/first-boot.sh").startswith(b"#!")
    debs = "::likelight/packages"
    assert mtools("mtype", card, f"{debs}/likelight_1.0~rc1+deb13_all.deb") == package
    assert mtools("mdir", card, "-b", debs).count(b"\n") == 1
    writes = [at for kind, at in office.slot.disk.calls if kind == "write"]
    assert (writes[0], writes[-1], writes.count(0)) == (0, 0, 2)

    line = json.loads((office.folder / "cards.jsonl").read_text().splitlines()[-1])
    assert (line["event"], line["image"]) == ("good", hashlib.sha256(stock).hexdigest())
    others = [file for file in office.folder.iterdir() if file.name not in ("codes.csv", "card")]
    others = [file for file in others if file.is_file() and file.suffix != ".csv"]
    whole = b"".join(file.read_bytes() for file in others)
    assert office.codes["0421"].encode() not in whole, "a secret was left beside the card"


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"fails": {("write", 9): EIO}}, "was pulled out, or is broken"),
        ({"fails": {("sync", 2): EIO}}, "was pulled out, or is broken"),
        ({"fails": {("read", 10): EIO}}, "was pulled out, or is broken"),
        ({"fails": {("write", 9): ENOSPC}}, "is smaller than it says: throw it away"),
        ({"fails": {("write", 9): errno.EROFS}}, "can't be written: Read-only file system"),
        ({"wraps_at": 16 * MB}, "is broken, or smaller than it says. Throw it away"),
        ({"wraps_at": 5 * MB - 4096}, "is broken, or smaller than it says. Throw it away"),
        ({"lost_at": 4 * MB + 5077}, f"was read otherwise than it was written, from byte {4 * MB}"),
        ({"lost_at": BOOT_AT + 5000}, "was read otherwise than it was written"),
        ({"lost_at": END - 1}, "was read otherwise than it was written"),
    ],
)
def test_a_bad_card_is_never_good_and_boots_nothing(
    office: Office, faults: dict[str, object], words: str
) -> None:
    office.slot.insert(head=OLD_HEAD, **faults)  # type: ignore[arg-type]
    code, said = office.agreed()
    assert (code, words in said, "Nothing boots from this card now" in said) == (1, True, True)
    assert office.events() == [("0421", "begun"), ("0421", "failed")]
    assert not office.slot.boots

    # The same again, with a good one.
    office.slot.insert()
    code, said = office.agreed()
    assert (code, "The last card for 0421 (2026" in said, office.slot.boots) == (0, True, True)
    assert office.events()[-1] == ("0421", "good")


def test_a_head_of_which_nobody_knows_whether_it_is_there_is_taken_back(office: Office) -> None:
    for call, words in ((("sync", 3), "was pulled out"), (("read", 12), "was pulled out")):
        office.slot.insert(fails={call: EIO})
        code, said = office.agreed()
        assert (code, words in said, office.slot.boots) == (1, True, False)
        assert office.events()[-1] == ("0421", "failed")
    office.slot.insert(lost_at=300)
    code, said = office.agreed()
    assert (code, "keep what is written to it (seen at byte 0)" in said) == (1, True)
    assert not office.slot.boots


@pytest.mark.parametrize(
    ("name", "length", "words"),
    [
        ("stock.img", END - 512, f"is cut short: it ends after {END - 512} bytes"),
        ("stock.img", END - 100, f"is cut short: it ends after {END - 100} bytes"),
        ("stock.img", MB + 512, "is cut short"),
        ("stock.img", 511, "is cut short"),
        ("stock.img.xz", -4096, "is cut short or damaged (xz: (stdin): Unexpected end of input)"),
        ("stock.img.xz", 3000, "is cut short or damaged (xz: "),
        ("stock.img.zst", -4096, "is cut short or damaged (zstd: "),
    ],
)
def test_an_image_that_is_cut_short_makes_no_card(
    office: Office, name: str, length: int, words: str
) -> None:
    if name != "stock.img":
        program = "xz" if name.endswith("xz") else "zstd"
        subprocess.run([program, "-q", "-1", "--keep", office.image], check=True)
    image = office.folder / name
    whole = image.read_bytes()
    image.write_bytes(whole[:length])
    code, said = office.agreed(image=image)
    assert (code, words in said, "ownload it again" in said) == (1, True, True)
    assert not office.slot.boots
    assert ("0421", "good") not in office.events()
    # A byte that has changed is found, too, where the file has a checksum of its own.
    if name != "stock.img":
        image.write_bytes(whole[:-2000] + bytes([whole[-2000] ^ 1]) + whole[-1999:])
        assert office.agreed(image=image)[0] == 1
        assert not office.slot.boots


def test_an_image_that_is_not_its_maker_s_or_none_touches_no_card(office: Office) -> None:
    def refused(*options: str, image: Path | None = None) -> str:
        code, said = office.agreed(*options, image=image)
        assert (code, office.slot.disk.calls, office.events()) == (1, [], [])
        return said

    assert "is not what its maker made" in refused("--sha256", "0" * 64)
    assert "--sha256: it has 64 digits" in refused("--sha256", "0" * 63)
    beside = office.folder / "stock.img.sha256"
    beside.write_text("0" * 64)
    assert "is not what its maker made" in refused()
    beside.write_text("<html>")
    assert "does not begin with a SHA-256 of 64 digits" in refused()
    beside.unlink()
    zipped = office.folder / "stock.zip"
    zipped.write_bytes(b"PK")
    assert "its name ends in .img, .img.xz or .img.zst" in refused(image=zipped)
    assert "can't be read: No such file" in refused(image=office.folder / "none.img")
    other = office.folder / "other.img"
    other.write_bytes(bytes(MB))
    assert "is no image of Raspberry Pi OS" in refused(image=other)
    for files, words in (
        ({"user-data": "#cloud-config\nhostname: store\n"}, "settings of Raspberry Pi Imager's"),
        ({"likelight.txt": "store = 0422\n"}, "has the seed of a store already"),
        ({"filler": "x" * 2 * MB}, "does not fit onto the image's boot volume"),
    ):
        assert words in refused(image=make_image(other, files))
    assert "has no package: its files end in .deb" in refused("--packages", str(office.folder))
    (office.folder / "half.deb").touch()
    assert "half.deb is no Debian package" in refused("--packages", str(office.folder))
    code, said = office.agreed()
    assert (code, "No checksum of stock.img is known" in said) == (0, True)
    assert "No --packages: the device installs nothing until" in said


MOUNTED = {"name": "sdb1", "path": "/dev/sdb1", "type": "part", "mountpoints": ["/media/me"]}
CRYPT = {**MOUNTED, "children": [{"name": "x", "path": "/dev/dm-0", "type": "crypt"}]}


@pytest.mark.parametrize(
    ("card", "parts", "to", "words"),
    [
        ({}, [MOUNTED], "/dev/sdb", "is mounted at /media/me: unmount it"),
        ({}, [{**CRYPT, "mountpoints": []}], "/dev/sdb", "in use by a volume manager"),
        ({}, [MOUNTED], "/dev/sdb1", "is a part of a disk: name the whole disk, /dev/sdb"),
        ({}, [], "/dev/sda", "holds this computer's system"),
        ({}, [{**MOUNTED, "mountpoints": ["[SWAP]"]}], "/dev/sdb", "holds this computer's system"),
        ({}, [], "LINK", "(/dev/sda) holds this computer's system"),
        ({}, [], "/dev/sdc", "is no disk of this computer"),
        ({}, [], "codes.csv", "is no disk of this computer"),
        ({"size": 5 * MB}, [], "/dev/sdb", "is too small: it has 0.0 GB, and the image needs"),
        ({"size": 0}, [], "/dev/sdb", "has no card in it"),
        ({"size": 256 * 10**9}, [], "/dev/sdb", "has 256.0 GB, and may be a disk with somebody's"),
        ({"rm": False, "hotplug": False, "tran": "sata"}, [], "/dev/sdb", "can't be taken out"),
        ({"type": "loop"}, [], "/dev/sdb", "can't be taken out of this computer"),
        ({"ro": True}, [], "/dev/sdb", "is write-protected: slide the card's switch"),
        ({"log-sec": 4096}, [], "/dev/sdb", "has sectors of 4096 bytes"),
    ],
)
def test_what_is_no_free_card_is_refused(
    office: Office,
    card: dict[str, object],
    parts: list[dict[str, object]],
    to: str,
    words: str,
) -> None:
    office.slot.card |= card
    office.slot.parts = parts
    if to == "LINK":
        (office.folder / "card-reader").symlink_to("/dev/sda")
        to = str(office.folder / "card-reader")
    office.slot.answers = ["sdb"]
    code, said = office.flash("--store", "0421", to=to)
    assert (code, words in said, office.events()) == (1, True, [])
    assert [kind for kind, _ in office.slot.disk.calls if kind == "write"] == []


def test_a_slot_for_cards_is_one_and_soldered_memory_is_none(office: Office) -> None:
    office.slot.card |= {"rm": False, "hotplug": False, "tran": None}
    office.slot.card |= {"name": "mmcblk0", "path": "/dev/mmcblk0"}
    code, said = office.flash("--store", "0421", to="/dev/mmcblk0")
    assert (code, "nobody has agreed, so nothing was written" in said) == (1, True)
    office.slot.others = [{"name": "mmcblk0boot0", "path": "/dev/mmcblk0boot0", "type": "disk"}]
    code, said = office.flash("--store", "0421", to="/dev/mmcblk0")
    assert (code, "can't be taken out of this computer" in said) == (1, True)


def test_nothing_is_written_before_somebody_has_named_the_disk(office: Office) -> None:
    def refused(*options: str, answers: tuple[str, ...] = ()) -> str:
        office.slot.answers = [*answers]
        code, said = office.flash("--store", "0421", *options)
        assert (code, office.events()) == (1, [])
        assert [kind for kind, _ in office.slot.disk.calls if kind == "write"] == []
        return said

    assert "sdb was not typed, so nothing was written" in refused(answers=("y",))
    assert "For a script: --yes 0042" in refused()
    assert "--yes names another disk. This one is /dev/sdb: Generic" in refused("--yes", "0043")
    assert "another disk" in refused("--yes", "")
    office.slot.card["serial"] = None
    assert "no serial number" in refused("--yes", "")
    del office.slot.card["serial"]

    office.slot.card["size"] = 256 * 10**9
    assert "add --large-card" in refused()
    assert "nobody has agreed" in refused("--large-card")
    office.slot.card["size"] = 32 * MB
    assert office.slot.asked[-1] == "Type sdb to make it the card of 0421, Harbour: "
    assert office.flash("--store", "0421", "--yes", "0042")[0] == 0
    assert office.events()[-1] == ("0421", "good")


def test_a_card_that_is_changed_while_somebody_types_is_left_as_it_is(office: Office) -> None:
    for change in ({"serial": "0043"}, {"size": 33 * MB}, {"mountpoints": ["/media/me"]}):
        office.slot.on_ask = lambda: office.slot.card.update(change)  # noqa: B023
        code, said = office.agreed()
        assert (code, office.events(), office.slot.boots) == (1, [], False)
        assert "is another disk now" in said or "is mounted at" in said
        office.slot.card = {"size": 32 * MB}
    office.slot.on_ask = lambda: office.slot.file.write_bytes(b"other" * 10000)
    code, said = office.agreed()
    assert (code, "is another disk now: type the same again" in said) == (1, True)


def test_two_cards_of_one_store_are_named_and_one_is_not_two(office: Office) -> None:
    assert office.agreed()[0] == 0
    # The same card again: that is no second one.
    code, said = office.agreed()
    assert (code, "has a card already" in said) == (0, False)
    assert "In the slot is the card of 0421, written" in said

    office.slot.insert()
    code, said = office.flash("--store", "0421", "--yes", "0042")
    assert (code, "Without --yes it can be written" in said, office.slot.boots) == (1, True, False)
    code, said = office.agreed()
    words = "Only the one that starts first can enrol: throw the other away"
    assert (code, words in said) == (0, True)

    # A card of another store that was left in the slot.
    code, said = office.flash("--store", "0422", "--yes", "0042")
    assert (code, "In the slot is the card of 0421" in said) == (1, True)
    office.slot.answers = ["sdb"]
    code, said = office.flash("--store", "0422")
    assert (code, "In the slot is the card of 0421" in said) == (0, True)
    # It is not 0421's any more; the first one is.
    code, said = office.agreed()
    assert (code, said.count("0421 has a card already")) == (0, 1)


def test_all_stores_get_their_cards_and_an_interrupted_day_goes_on(office: Office) -> None:
    code, said = office.flash("--yes", "0042")
    assert (code, "--yes is for one card" in said) == (1, True)
    office.slot.answers = ["", "sdb", "", "sdb"]
    pull = lambda: office.slot.fail(("write", 9))  # noqa: E731
    puts = iter([lambda: None, lambda: None, office.slot.insert, pull])
    office.slot.on_ask = lambda: next(puts)()
    code, said = office.flash()
    assert (code, "0 of 2 stores have their card" in said) == (130, True)
    assert "This card can't be used: nothing boots from it now." in said
    assert "interrupted: type the same again to go on" in said
    assert office.events()[1:] == [
        ("0421", "good"),
        ("0422", "begun"),
        ("0422", "interrupted"),
    ]
    assert not office.slot.boots

    # A kill has cut the last line: it does not count.
    with (office.folder / "cards.jsonl").open("a") as ledger:
        ledger.write('{"at":"2026')
    office.slot.insert()
    office.slot.answers = ["", "sdb"]
    office.slot.on_ask = lambda: None
    code, said = office.flash()
    assert (code, "1 of 2 stores have their card" in said) == (0, True)
    assert "was interrupted: it can't be used until it is written again" in said
    assert office.events()[-2:] == [("0422", "begun"), ("0422", "good")]
    assert "2 of 2 stores have their card" in office.flash()[1]
    # A row has changed, or a code: that store gets another card, and the first one is named.
    stores = office.folder / "stores.csv"
    stores.write_text(stores.read_text().replace("Harbour", "Pier"))
    office.slot.answers = ["", "sdb"]
    code, said = office.flash()
    assert (code, "1 of 2 stores have their card" in said) == (0, True)
    assert "0421 has a card already" in said
    office.write("0422", "0423")
    code, said = office.flash()
    assert (code, "nobody is there to put in cards" in said) == (1, True)

    (office.folder / "cards.jsonl").write_text("my diary\n")
    code, said = office.flash()
    assert (code, "line 1 is none that this program wrote" in said) == (1, True)


def test_a_kill_at_any_instant_leaves_no_half_card_that_boots(tmp_path: Path) -> None:
    killed = [sys.executable, "-m", "support.flash_kills", "card", tmp_path]
    ended = subprocess.run(
        killed, cwd=TESTS, capture_output=True, text=True, timeout=150, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_a_store_that_another_reader_has_served_meanwhile_is_left_out(office: Office) -> None:
    office.slot.answers = ["", "sdb"]

    def other_run() -> None:
        office.slot.on_ask = lambda: None
        lines = (office.folder / "cards.jsonl").read_text().splitlines()
        assert lines == []
        files = (office.folder / "stores.csv", office.folder / "codes.csv")
        order = read_orders(*files, "https://cloud.example", ["0422"], None)[0]
        line = {"at": NOON.isoformat(), "store": "0422", "event": "good", "card": "ff"}
        line |= {"disk": "/dev/sdc", "seed": order.seed().sha256}
        with (office.folder / "cards.jsonl").open("a") as ledger:
            ledger.write(json.dumps(line) + "\n")

    office.slot.on_ask = other_run
    assert office.flash()[0] == 0
    assert office.events() == [("0422", "good"), ("0421", "begun"), ("0421", "good")]


def test_what_a_disk_says_of_itself_does_not_reach_the_terminal_as_orders(office: Office) -> None:
    office.slot.card["model"] = "Card\x1b[2J\r\nReader"
    assert "/dev/sdb: Generic Card[2J Reader, 0.0 GB" in office.agreed()[1]


def test_what_does_not_belong_together_is_said(office: Office) -> None:
    code, said = office.flash("--store", "0421", to="sim")
    assert (code, "--to DISK and --image IMAGE belong together" in said) == (2, True)


def test_a_disk_is_read_past_the_computer_s_memory() -> None:
    # Not in memory, where older kernels know no O_DIRECT.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        file = Path(folder) / "disk"
        file.write_bytes(bytes(2 * MB) + b"x" * 512)
        with opened_disk(file, MB) as disk:
            disk.write(MB, b"y" * MB)
            disk.sync()
            assert (disk.size, disk.read(MB, MB)) == (2 * MB + 512, b"y" * MB)
            assert disk.read(2 * MB, 4096) == b"x" * 512, "what is left of it"
            with pytest.raises(FlashError, match="Does another program use it"):
                with opened_disk(file, MB):
                    pass
        with pytest.raises(FlashError, match=r"can't be opened: No such file.*Is it mounted"):
            with opened_disk(Path(folder) / "none", MB):
                pass


def test_progress_is_one_line_on_a_terminal_and_few_in_a_pipe() -> None:
    def told(out: io.StringIO) -> list[str]:
        seconds = iter([0.0, 10.0, 20.0, 40.0, 50.0, 51.0])
        progress = Progress(out, lambda: next(seconds))
        for done in (0, 200, 400, 800, 1000, 1000):
            progress("written", done * MB, 1000 * MB)
        return out.getvalue().split("\n")

    assert told(io.StringIO()) == [
        "written: 839 of 1,049 MB, 21.0 MB/s, 0 min 10 s left",
        "written: 1,049 of 1,049 MB, 21.0 MB/s",
        "",
    ]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    line, rest = told(Terminal())
    assert (line.count("\r"), rest) == (4, "")
    assert line.split("\r")[1].strip() == "written: 210 of 1,049 MB, 21.0 MB/s, 0 min 40 s left"
