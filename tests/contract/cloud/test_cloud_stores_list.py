"""`likelight-cloud kitchen import|export`: lists as people and Excel write them, on both stores."""

import asyncio
import csv
import json
from pathlib import Path

import pytest

from likelight.contract.enrolment import code_of
from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.enrolment import Enrolled
from likelight_cloud.trust.device import hashed
from support.cloud import NOON

LIST = """store,name,timezone,country,language,board,kit,monday,friday,ssid,passphrase
0421,Harbour,Europe/Berlin,DE,de,pi-5,reference,11:00-23:00,"11:00-14:00, 17:00-02:00",guests,
store-17,"Zoë's, north",America/New_York,US,en,zero-2w,cheap,,,,
"""


class Office:
    """Imports lists into one database."""

    def __init__(self, database: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self.file = folder / "stores.csv"
        self.codes = folder / "codes.csv"
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        done = main([*words, "--database", self.database])
        said = self._capsys.readouterr()
        return done, said.out, said.err

    def load(self, content: str | bytes, *options: str) -> tuple[int, str, str]:
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.run("kitchen", "import", str(self.file), "--codes", str(self.codes), *options)

    def refuses(self, content: str | bytes) -> str:
        """Return why the list is refused; nothing was written."""
        done, _, err = self.load(content)
        assert done == 2
        assert self.kitchens() == {}
        assert not self.codes.exists()
        return err

    def details(self, kid: str) -> list[object]:
        shown = json.loads(self.run("kitchen", "show", kid, "--json")[1])
        return [shown[each] for each in ("timezone", "country", "language", "board", "kit")]

    def kitchens(self) -> dict[str, str]:
        listed = json.loads(self.run("kitchen", "list", "--json")[1])
        return {one["kid"]: one["name"] for one in listed}

    def drawn(self) -> dict[str, str]:
        with self.codes.open(encoding="utf-8", newline="") as file:
            return {row["store"]: row["code"] for row in csv.DictReader(file)}

    async def redeem(self, code: str, token: bytes) -> object:
        store = database_of(self.database).store()
        await store.open()
        try:
            return await store.redeem(hashed(code_of(code)), token, NOON)
        finally:
            await store.close()


@pytest.fixture
def office(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    office = Office(database, tmp_path, capsys)
    assert office.run("init")[0] == 0
    return office


@pytest.fixture
def at_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """Return an office on SQLite: what is refused never reaches a database."""
    office = Office(str(tmp_path / "cloud.db"), tmp_path, capsys)
    assert office.run("init")[0] == 0
    return office


def test_a_list_is_imported_and_a_later_run_adds_only_what_is_new(office: Office) -> None:
    done, out, _ = office.load(LIST)
    assert (done, "Added 2 of 2 stores" in out) == (0, True)
    assert office.kitchens() == {"0421": "Harbour", "store-17": "Zoë's, north"}
    assert office.codes.stat().st_mode & 0o777 == 0o600
    first = office.drawn()
    assert first.keys() == {"0421", "store-17"}
    assert not any(code in out for code in first.values())
    week = json.loads(office.run("desired", "show", "0421", "--json")[1])["schedule"]
    assert (week["monday"], week["friday"], week["sunday"]) == (
        "11:00-23:00",
        "11:00-14:00, 17:00-02:00",
        "closed",
    )
    used = asyncio.run(office.redeem(first["0421"], b"token"))
    assert used == Enrolled("0421", "Harbour")

    done, out, _ = office.load(LIST.replace("Harbour", "Port") + "store-18,New\n")
    assert (done, "Added 1 of 3 stores" in out) == (0, True)
    assert "keep the code that they have: store-17" in out
    assert office.drawn() == {**first, "store-18": office.drawn()["store-18"]}
    assert office.kitchens()["0421"] == "Harbour"


def test_what_a_list_says_of_a_store_is_kept(office: Office) -> None:
    office.load(LIST)
    assert office.details("0421") == ["Europe/Berlin", "DE", "de", "pi-5", "reference"]
    assert office.details("store-17") == ["America/New_York", "US", "en", "zero-2w", "cheap"]
    listed = json.loads(office.run("kitchen", "list", "--json")[1])
    assert [one["country"] for one in listed] == ["DE", "US"]
    assert "timezone: Europe/Berlin\n" in office.run("kitchen", "show", "0421")[1]
    exported = list(csv.DictReader(office.run("kitchen", "export")[1].splitlines()))
    assert [(one["board"], one["language"]) for one in exported] == [
        ("pi-5", "de"),
        ("zero-2w", "en"),
    ]


def test_what_a_later_list_has_otherwise_is_said_and_changed_with_update_alone(
    office: Office,
) -> None:
    changed = (
        "store,name,timezone,country,monday\n"
        "0421,Port,Europe/Vienna,,11:00-22:00\n"
        'store-17,"Zoë\'s, north",America/New_York,,\nstore-18,New,,,\n'
    )
    differing = "0421 (name, timezone, hours)."
    office.load(LIST)
    codes = office.codes.read_bytes()
    before = office.run("kitchen", "export")[1]

    done, out, _ = office.load(changed, "--update", "--dry-run")
    assert (done, f"This would change: {differing}" in out) == (0, True)
    assert ("add 1 of 3 stores and draw 1 codes" in out, "Nothing was written" in out) == (
        True,
        True,
    )
    assert (office.codes.read_bytes(), office.run("kitchen", "export")[1]) == (codes, before)

    done, out, _ = office.load(changed)
    assert (done, f"they stay as they are: {differing}" in out) == (0, True)
    assert ("--update" in out, "`kitchen rename`" in out, "`desired set`" in out) == (
        True,
        True,
        True,
    )
    assert office.run("kitchen", "export")[1].startswith(before)

    done, out, _ = office.load(changed, "--update")
    assert (done, f"Changed: {differing}" in out, "stay as" in out) == (0, True, False)
    assert office.kitchens()["0421"] == "Port"
    assert office.details("0421") == ["Europe/Vienna", "DE", "de", "pi-5", "reference"]
    week = json.loads(office.run("desired", "show", "0421", "--json")[1])["schedule"]
    assert (week["monday"], week["friday"]) == ("11:00-22:00", "closed")
    assert "Changed" not in office.load(changed, "--update")[1]


def test_what_is_exported_can_be_imported_and_is_no_formula(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.load(LIST)
    office.run("kitchen", "add", "k1", "=1+1")
    done, out, _ = office.run("kitchen", "export")
    assert (done, "k1,'=1+1," in out, "passphrase" in out) == (0, True, False)
    folder = tmp_path / "other"
    folder.mkdir()
    other = Office(str(folder / "cloud.db"), folder, capsys)
    other.run("init")
    assert other.load(out)[0] == 0
    assert other.kitchens() == office.kitchens()
    assert other.run("kitchen", "export")[1] == out


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + LIST.replace("\n", "\r\n").encode(),
        ("\ufeff" + LIST.replace('"11:00-14:00, 17:00-02:00"', "17:00-02:00").replace(
            '"Zoë\'s, north"', "Zoë").replace(",", "\t")).encode("utf-16-le"),
        LIST.encode("utf-16"),
        LIST.replace('"11:00-14:00, 17:00-02:00"', "17:00-02:00").replace(
            '"Zoë\'s, north"', "Zoë").replace(",", ";"),
        "sep=;\r\nStore; Name ;\r\n0421;Harbour;\r\n;;\r\nstore-17;Zoë;;\r\n",
    ],
)  # fmt: skip
def test_a_list_may_come_as_excel_writes_it(at_hand: Office, content: str | bytes) -> None:
    assert at_hand.load(content)[0] == 0
    assert at_hand.kitchens().keys() == {"0421", "store-17"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("store,name\nStore 1,One\n", "row 2, column store: 'Store 1' can't be a store's id"),
        ("store,name\nk1,\n", "row 2, column name: it is empty"),
        ('store,name\nk1,"two\nlines"\n', "row 2, column name:"),
        ("store,name\nk1,One\n\nk1,Two\n", "row 4, column store: it is in row 2 already"),
        ("store,name,timezone\nk1,One,Berlin\n", "column timezone: 'Berlin' is not a time zone"),
        ("store,name,timezone\nk1,One,../../etc\n", "column timezone:"),
        ("store,name,country\nk1,One,Germany\n", "column country:"),
        ("store,name,language\nk1,One,xx\n", "column language: 'xx' is not known"),
        ("store,name,board\nk1,One,pi-9\n", "column board: 'pi-9' is not known"),
        ("store,name,kit\nk1,One,gold\n", "column kit: 'gold' is not known"),
        ("store,name,monday\nk1,One,11-23\n", "column monday:"),
        (
            'store,name,monday\nk1,One,"'
            + ", ".join(f"{hour}:00-{hour}:30" for hour in range(14))
            + '"\n',
            "row 2, column monday: it has 14 time spans; write at most 13",
        ),
        ("store,name\n=1+1,One\n", "row 2, column store: '=1+1' can't be a store's id"),
        ("store,name\nk1,One\nk2\n", "row 3, column name: it is empty"),
        ("store,name\nk1,O\0ne\n", "not a text file"),
        ("store,name\nk1," + "x" * 200_000 + "\n", "not a CSV file"),
        ("store,name\nk1,One,more\n", "row 2: it has 3 cells"),
        ("store,name,pasphrase\nk1,One,x\n", "cell C1 names no column"),
        ("store,name,name\nk1,One,Two\n", "cell C1 names no column, or one that is there"),
        ("store\nk1\n", "no column name"),
        ("store,name\n", "has no store"),
        ("", "no column store"),
        ('store,name\nk1,"One\n', "not a CSV file"),
        (b"store,name\nk1,Caf\xe9\n", "not in UTF-8"),
        ("store,name\nk1,One\n".encode("utf-16-le"), "not a text file"),
        (b"PK\x03\x04\x00\x00 a workbook", "not a text file"),
        ("store,name\n" + "k1,One\n" * 1_300_000, "larger than 8 MiB"),
        ("store,name\n" + "".join(f"K{n},One\n" for n in range(30)), "and 10 more"),
    ],
)
def test_a_list_with_a_mistake_is_refused_whole(
    at_hand: Office, content: str | bytes, words: str
) -> None:
    assert words in at_hand.refuses(content)


def test_a_passphrase_is_refused_and_not_shown(at_hand: Office) -> None:
    told = at_hand.refuses("store,name,ssid,passphrase\nk1,One,guests,open-sesame\n")
    assert "row 2, column passphrase: it holds a passphrase" in told
    assert "open-sesame" not in told


def test_numbers_that_lost_their_zeros_are_said(at_hand: Office) -> None:
    done, _, err = at_hand.load("store,name\n0421,Harbour\n17,North\n")
    assert (done, "is 17 right, and not 0017?" in err) == (0, True)
    done, _, err = at_hand.load("store,name\n421,Harbour\n")
    assert (done, "421 is 0421 without its zeros" in err) == (2, True)
    assert at_hand.kitchens().keys() == {"0421", "17"}


def test_a_file_that_holds_no_codes_is_not_written_over(at_hand: Office) -> None:
    at_hand.codes.write_text("my only copy\n")
    done, _, err = at_hand.load(LIST)
    assert (done, "is not a list of codes" in err) == (2, True)
    assert at_hand.codes.read_text() == "my only copy\n"
    assert at_hand.kitchens() == {}


def test_a_folder_holds_no_codes(at_hand: Office) -> None:
    at_hand.codes.mkdir()
    done, _, err = at_hand.load(LIST)
    assert (done, err) == (
        2,
        f"likelight-cloud: {at_hand.codes} can't be read: Is a directory\n",
    )
    assert at_hand.kitchens() == {}


def test_codes_that_can_not_be_written_add_no_store(at_hand: Office) -> None:
    at_hand.codes = at_hand.codes.parent / "missing" / "codes.csv"
    done, _, err = at_hand.load(LIST)
    assert (done, "nothing was added" in err) == (2, True)
    assert at_hand.kitchens() == {}
