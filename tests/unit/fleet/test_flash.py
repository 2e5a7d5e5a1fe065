"""`likelight flash --seeds`: what it writes, what it refuses, and how it goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import reset_tzpath

import pytest

from likelight.cli.main import main
from likelight.contract.enrolment import new_code
from likelight.fleet.flash.ledger import opened_ledger
from likelight.fleet.seed.boot_text import read_boot_text
from support.certificates import make_authority
from support.cloud import NOON
from support.small_disk import fill

SECRET = "open-sesame"
CLOUD = "https://cloud.example"
HEAD = "store,name,country,board,kit,ssid,security,passphrase,identity,monday"
STORES = f"""{HEAD}
0421,Harbour,DE,pi-5,reference,Kitchen,wpa2,{SECRET},,11:00-23:00
con,"Zoë's, north",,zero-2w,cheap,,,,,
corp,Corp,GB,pi-4,reference,Corp,enterprise,{SECRET},k@corp,
"""
TESTS = Path(__file__).parents[2]


class Office:
    """Has a list and codes in a folder, and flashes them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.seeds = folder / "seeds"
        self._capsys = capsys
        self.codes = {kid: new_code() for kid in ("0421", "con", "corp", "other")}
        self.write(STORES)

    def write(self, stores: str, codes: dict[str, str] | None = None) -> None:
        rows = (codes or self.codes).items()
        lines = "store;code\r\n" + "".join(f"{kid};{code}\r\n" for kid, code in rows)
        (self.folder / "stores.csv").write_text(stores, encoding="utf-8")
        # As Excel saves it again.
        (self.folder / "codes.csv").write_text(lines, encoding="utf-8-sig", newline="")

    def flash(self, *options: str, cloud: str = CLOUD) -> tuple[int, str]:
        """Return the exit code and all that was said, in which nothing is secret."""
        self._capsys.readouterr()
        files = ("--stores", self.folder / "stores.csv", "--codes", self.folder / "codes.csv")
        words = ("flash", *files, "--cloud", cloud, "--seeds", self.seeds, *options)
        code = main([str(word) for word in words])
        said = "".join(self._capsys.readouterr())
        assert not [each for each in (SECRET, *self.codes.values()) if each in said]
        return code, said

    def contents(self) -> dict[str, bytes]:
        found = self.seeds.rglob("*")
        return {
            str(each.relative_to(self.seeds)): each.read_bytes() for each in found if each.is_file()
        }

    def ledger(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in (self.seeds / "ledger.jsonl").read_text().splitlines()]


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


ONE = ("--store", "0421")
TWO = (*ONE, "--store", "con")


def test_a_seed_has_what_a_device_needs_and_only_its_owner_reads_it(office: Office) -> None:
    code, said = office.flash(*TWO)
    assert (code, "2 seeds are in" in said, "2 new" in said) == (0, True, True)
    assert "Without Wi-Fi in the list, so by cable alone: con.\n" in said
    files = office.contents()
    assert {name for name in files if name.startswith("0421")} == {
        "0421.zip",
        "0421/likelight.txt",
        "0421/likelight/first-boot.sh",
        "0421/likelight/network.nmconnection",
        "0421/user-data",
    }
    assert "con_/likelight.txt" in files, "Windows has no folder of the name con"
    assert "con_/likelight/network.nmconnection" not in files, "a cable with DHCP needs none"
    settings = read_boot_text(files["0421/likelight.txt"]).settings
    assert settings["store"] == "0421"
    assert (settings["cloud"], settings["code"]) == (CLOUD, office.codes["0421"])
    assert files["0421/user-data"].startswith(b"#cloud-config\n")
    assert files["0421/user-data"] == files["con_/user-data"], "it holds no secret"
    assert b"\r" not in files["0421/likelight/first-boot.sh"]
    with zipfile.ZipFile(office.seeds / "0421.zip") as archive:
        zipped = {f"0421/{name}": archive.read(name) for name in archive.namelist()}
    assert zipped == {name: each for name, each in files.items() if name.startswith("0421/")}
    # A passphrase of WPA2 is on no card, consent and hours in no seed.
    whole = b"".join(files.values())
    assert not re.search(rb"consent|monday|privacy|" + SECRET.encode(), whole, re.IGNORECASE)
    modes = {each.stat().st_mode & 0o077 for each in (office.seeds, *office.seeds.rglob("*"))}
    assert modes == {0}


def test_the_same_again_writes_nothing_and_a_changed_or_damaged_seed_is_written_anew(
    office: Office,
) -> None:
    office.flash(*TWO)
    before, noted = office.contents(), office.ledger()
    assert [entry["store"] for entry in noted] == ["0421", "con"]
    assert "0 new, 2 as they were" in office.flash(*TWO)[1]
    assert office.contents() == before

    (office.seeds / "0421" / "user-data").write_bytes(b"#cloud-config\n")
    (office.seeds / "con_.zip").write_bytes(before["con_.zip"][:-1])
    assert "2 new" in office.flash(*TWO)[1]
    assert len(office.ledger()) == 4
    del before["ledger.jsonl"]
    assert before.items() <= office.contents().items()

    office.write(STORES.replace("Harbour", "Port"))
    assert "1 new, 1 as they were" in office.flash(*TWO)[1]
    assert office.ledger()[-1]["sha256"] != noted[0]["sha256"]
    assert b"name = Port\r\n" in office.contents()["0421/likelight.txt"]


def test_a_line_of_the_ledger_that_was_cut_is_none(office: Office) -> None:
    office.flash(*TWO)
    ledger = office.seeds / "ledger.jsonl"
    first, second = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(first + second[:20])
    assert "0 new, 2 as they were" in office.flash(*TWO)[1]
    assert [entry["store"] for entry in office.ledger()] == ["0421", "con"]
    ledger.write_text("my diary\n")
    code, said = office.flash(*TWO)
    assert (code, "line 1 is none that this program wrote" in said) == (1, True)
    assert ledger.read_text() == "my diary\n"


@pytest.mark.parametrize(
    ("options", "cloud", "words"),
    [
        (("--store", "0422"), CLOUD, "has no store 0422"),
        (ONE, "cloud.example", "--cloud: write it with https://"),
        ((), CLOUD, "corp log in by security enterprise: add --radius-ca FILE and --radius-name"),
        ((*ONE, "--radius-name", "r.example"), CLOUD, "belong together"),
        ((*ONE, "--radius-name", "r", "--radius-ca", "/missing"), CLOUD, "--radius-ca: "),
    ],
)
def test_what_does_not_fit_is_said_before_the_first_byte(
    office: Office, options: tuple[str, ...], cloud: str, words: str
) -> None:
    code, said = office.flash(*options, cloud=cloud)
    assert (code, words in said, office.seeds.exists()) == (2, True, False)


def test_windows_is_told_what_it_can_do_instead(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight.cli.flash._PLATFORMS", ("another",))
    code, said = office.flash(*ONE)
    assert (code, "write the card with Raspberry Pi Imager, and use --volume" in said) == (2, True)
    assert not office.seeds.exists()


def test_a_computer_without_a_list_of_time_zones_is_told_apart_from_a_wrong_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoned = STORES.replace("country,", "country,timezone,").replace("DE,", "DE,Europe/Berli,")
    office.write(zoned.replace('north",,', 'north",,,').replace("GB,", "GB,,"))
    assert "column timezone: it is not a time zone: write IANA's name" in office.flash(*ONE)[1]
    # As on Windows without the package tzdata.
    monkeypatch.setitem(sys.modules, "tzdata", None)
    reset_tzpath(())
    try:
        code, said = office.flash(*ONE)
    finally:
        reset_tzpath()
    assert (code, "column timezone: no time zone can be checked" in said) == (2, True)
    assert "install tzdata" in said


def test_the_whole_list_and_its_codes_are_checked_also_for_one_store(office: Office) -> None:
    def refused(stores: str, codes: dict[str, str] | None = None) -> str:
        office.write(stores, codes)
        code, said = office.flash(*ONE)
        assert (code, office.seeds.exists()) == (2, False)
        return said

    assert "row 3, column board" in refused(STORES.replace("zero-2w", "zero"))
    uncoded = refused(STORES, {"con": new_code()})
    assert "codes.csv has no code for 0421" in uncoded
    assert "store whose device has a token: for that one add the code" in uncoded
    dropped = refused(STORES.replace("0421,", "421,"), {"0421": new_code()})
    assert "421 is 0421 without its zeros" in dropped
    twice = refused(STORES, {"0421": office.codes["con"], "con": office.codes["con"].lower()})
    assert "row 3, column code: a store above has the same" in twice
    assert "column code: an enrolment code has 26" in refused(STORES, {"0421": SECRET})


def test_a_folder_of_somebody_else_s_and_a_second_run_are_refused(office: Office) -> None:
    office.seeds.mkdir()
    with opened_ledger(office.seeds):
        code, said = office.flash(*ONE)
    assert (code, "another run writes to" in said) == (1, True)
    (office.seeds / "ledger.jsonl").unlink()
    (office.seeds / "holiday.jpg").touch()
    code, said = office.flash(*ONE)
    assert (code, "has other files in it: name a new folder" in said) == (1, True)
    assert [each.name for each in office.seeds.iterdir() if each.suffix != ".txt"] == [
        "holiday.jpg"
    ]


@pytest.mark.parametrize("target", ["seeds", "volume", "boot-volume", "reset"])
def test_a_kill_at_any_instant_leaves_nothing_half_and_the_next_run_goes_on(
    tmp_path: Path, target: str
) -> None:
    killed = [sys.executable, "-m", "support.flash_kills", target, tmp_path]
    ended = subprocess.run(
        killed, cwd=TESTS, capture_output=True, text=True, timeout=150, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_ctrl_c_says_how_far_it_is_and_the_next_run_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([NOON])

    def interrupted() -> datetime:
        for time in times:
            return time
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("likelight.runtime.clock.utc_now", interrupted)
        code, said = office.flash(*TWO)
    assert (code, "interrupted: 1 of 2 seeds are in" in said) == (130, True)
    assert "2 seeds are in" in office.flash(*TWO)[1]
    assert [entry["store"] for entry in office.ledger()] == ["0421", "con"]


def test_a_full_disk_is_said_and_the_next_run_goes_on(office: Office, small_disk: Path) -> None:
    office.seeds = small_disk / "seeds"
    office.flash(*ONE)
    fill(small_disk)
    code, said = office.flash(*TWO)
    assert (code, "can't be written: No space left on device" in said) == (1, True)
    assert [entry["store"] for entry in office.ledger()] == ["0421"]
    (small_disk / "filler").unlink()
    assert "1 new, 1 as they were" in office.flash(*TWO)[1]
    assert [each for each in office.contents() if each.startswith(".")] == []


def test_an_enterprise_network_comes_with_the_authority_that_it_trusts(
    office: Office, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path / "authority", "DNS:radius.corp.example")
    code, said = office.flash(
        "--store=corp", "--radius-ca", str(authority.ca_file), "--radius-name=radius.corp.example"
    )
    assert (code, "1 new" in said) == (0, True)
    files = office.contents()
    assert files["corp/likelight/wifi-authority.pem"] == authority.ca_file.read_bytes()
    profile = files["corp/likelight/network.nmconnection"].decode()
    assert "domain-suffix-match=radius.corp.example\n" in profile


def test_ctrl_c_is_told(tmp_path: Path) -> None:
    stores = tmp_path / "stores.csv"
    os.mkfifo(stores)
    words = ("flash", f"--stores={stores}", "--codes=codes.csv", f"--cloud={CLOUD}", "--seeds=x")
    command = [sys.executable, "-m", "likelight", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as running:
        try:
            with stores.open("w"):  # which waits until it is read
                running.send_signal(signal.SIGINT)
                _, said = running.communicate(timeout=90)
        finally:
            running.kill()
    assert (running.returncode, said) == (130, "likelight: interrupted\n")
