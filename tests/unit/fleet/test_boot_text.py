"""`likelight.txt`: as it is written, as Notepad leaves it, and what it may change later."""

import pytest
from hypothesis import given

from likelight.contract.enrolment import new_code
from likelight.fleet.seed.boot_text import (
    EXAMPLES,
    Remedy,
    boot_text,
    for_enrolled,
    read_boot_text,
)
from likelight.fleet.stores.network import Network, Security, Wifi
from likelight.fleet.stores.rows import StoreRow
from support.listed_stores import STORES

SECRET = "open-sesame"
CLOUD = "https://cloud.example"
ENROLLED = {"store": "0421", "name": "Harbour", "cloud": CLOUD, "board": "pi-5"}


@given(STORES)
def test_what_is_written_is_read(store: StoreRow) -> None:
    code = new_code()
    content = boot_text(store, CLOUD, code)
    assert b"\n" not in content.replace(b"\r\n", b""), "Notepad's line ends"
    read = read_boot_text(content)
    details = store.details.model_dump(exclude_none=True)
    kitchen = {"store": store.kid, "name": store.name, "cloud": CLOUD, "code": code}
    assert (read.mistakes, read.settings, read.network) == ((), kitchen | details, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_network_that_notepad_has_added_is_read(encoding: str) -> None:
    text = (
        f" # a remark\r\nSSID=Café = 2\r\n\r\n security = wpa2\r\npassphrase = {SECRET}#=\r\nname ="
    )
    read = read_boot_text(text.encode(encoding))
    assert read.mistakes == ()
    assert read.network == Network(Wifi("Café = 2".encode(), Security.WPA2, f"{SECRET}#="))
    assert (read.settings, SECRET in repr(read)) == ({}, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = a\nboard = pi-9\n", "line 2: board: it is not known: write one of"),
        (f"\n{SECRET}\n", "line 2: write NAME = VALUE, as in language = en"),
        (f"password = {SECRET}\n", "line 1: write passphrase = VALUE"),
        ("langage = en\n", "line 1: write language = VALUE"),
        (f"{SECRET} = x\n", "line 1: before the = stands no setting; write one of store, name"),
        ("board = pi-5\nboard = pi-4\n", "line 2: board is in line 1 already"),
        (f"ssid = Kitchen\npassphrase = {SECRET}\n", "line 1: security: write one of wpa2"),
        ("ssid = Kitchen\nsecurity = wpa2\n", "line 1: passphrase: it is empty"),
        (f"\nsecurity = wpa2\npassphrase = {SECRET}\n", "line 2: ssid: it is empty"),
        (
            f"ssid = K\nsecurity = enterprise\npassphrase = {SECRET}\nidentity = k\n",
            "line 2: security: such a network also needs a file",
        ),
        (
            "address = 192.0.2.9/24\ngateway = 192.0.3.1\ndns = 192.0.2.1\n",
            "line 2: gateway: it is not another",
        ),
        ("cloud = cloud.example\n", "line 1: cloud: write it with https://"),
        ("code = K7QX\n", "line 1: code: an enrolment code has 26 letters and digits"),
        (b"name = x\nname = Caf\xe9\n", "line 2: a letter here is not saved as UTF-8: in Notepad"),
        (b"\0" * 512, "line 1: the file is damaged"),
        ("name = x\n".encode("utf-16-le"), "line 1: the file is damaged, or no text"),
        (b"#" * 65537, "line 1: the file is larger than 64 KiB"),
        ("consent = yes\n", "line 1: before the = stands no setting"),
        ("monday = closed\n", "line 1: before the = stands no setting"),
        ("privacy = off\n", "line 1: before the = stands no setting"),
    ],
)
def test_each_mistake_says_its_line_and_what_to_type(text: str | bytes, said: str) -> None:
    read = read_boot_text(text.encode() if isinstance(text, str) else text)
    assert str(read.mistakes[0]).startswith(f"likelight.txt, {said}")
    assert SECRET not in " ".join(map(str, read.mistakes))
    assert (read.settings, read.network) == ({}, None), "with a mistake nothing counts"


@pytest.mark.parametrize(
    ("text", "mends"),
    [
        (f"name = a\n{SECRET}\n", (2, Remedy.DELETE, "")),
        ("board\n", (1, Remedy.WRITE, "board = pi-5")),
        (f"password = {SECRET}\n", (1, Remedy.WRITE, "passphrase = …")),
        ("board = pi-9\n", (1, Remedy.WRITE, "board = pi-5")),
        ("board = pi-5\nboard = pi-4\n", (2, Remedy.DELETE, "")),
        (f"\nssid = K\npassphrase = {SECRET}\n", (2, Remedy.ADD, "security = wpa2")),
        ("ssid = K\nsecurity = open\nidentity = k\n", (3, Remedy.DELETE, "")),
        ("consent = yes\n", (1, Remedy.DELETE, "")),
        (b"name = Caf\xe9\n", (1, Remedy.SAVE, "")),
    ],
)
def test_a_panel_can_say_what_to_do_without_english(
    text: str | bytes, mends: tuple[int, Remedy, str]
) -> None:
    first = read_boot_text(text.encode() if isinstance(text, str) else text).mistakes[0]
    assert (first.line, first.remedy, first.text) == mends


def test_what_a_panel_says_to_write_is_right() -> None:
    for name, example in EXAMPLES.items():
        beside = {"store": "", "address": "gateway = 192.0.2.1\ndns = 192.0.2.53\n"}.get(name, "")
        if name not in ("code", "passphrase", "identity", "gateway", "dns", "ssid", "security"):
            assert read_boot_text(f"{name} = {example}\n{beside}".encode()).mistakes == (), name
    wifi = ("ssid", "security", "passphrase")
    text = "".join(f"{name} = {EXAMPLES[name].replace('…', SECRET)}\n" for name in wifi)
    assert read_boot_text(text.encode()).mistakes == ()


def enrolled_takes(text: str) -> tuple[dict[str, str], bool, list[str]]:
    taken = for_enrolled(read_boot_text(text.encode()), ENROLLED)
    return dict(taken.settings), taken.network is not None, list(map(str, taken.mistakes))


def test_on_an_enrolled_device_it_changes_network_name_and_language_alone() -> None:
    wifi = "ssid = Guest\nsecurity = open\n"
    same = "store = 0421\ncloud = https://cloud.example/\nboard = pi-5\n"
    assert enrolled_takes(f"{same}code = {new_code()}\nname = Port\nlanguage = de\n{wifi}") == (
        {"name": "Port", "language": "de"},
        True,
        [],
    )
    settings, network, said = enrolled_takes(f"{wifi}board = pi-4\ntimezone = Europe/Berlin\n")
    assert (settings, network, len(said)) == ({}, False, 2)
    assert said[0].endswith(
        "line 3: board can't be changed here once a device is a kitchen's: write board = pi-5"
    )
    assert said[1].endswith("delete the line")


@pytest.mark.parametrize("other", ["store = 0422", "cloud = https://other.example"])
def test_the_seed_of_another_kitchen_changes_nothing_on_an_enrolled_device(other: str) -> None:
    settings, network, said = enrolled_takes(f"{other}\nname = Port\nssid = G\nsecurity = open\n")
    assert (settings, network, len(said)) == ({}, False, 1)
    assert said[0].startswith("likelight.txt, line 1: this device belongs to ")
    assert "nothing in it counts" in said[0]
