"""The network's columns of a list that is read for devices: what is refused, and in which words."""

from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from likelight.fleet.stores.network import FixedAddress, Network, Security, Wifi
from likelight.fleet.stores.rows import read_stores
from likelight.fleet.stores.table import ListError

SECRET = "open-sesame"
HEAD = "store,name,country,board,kit,ssid,security,passphrase,identity,hidden,address,gateway,dns"
STORE = "0421,Harbour,DE,pi-5,reference"


def read(tmp_path: Path, row: str, head: str = HEAD) -> Network | None:
    file = tmp_path / "stores.csv"
    file.write_text(f"{head}\n{row}\n", encoding="utf-8")
    return read_stores(file, for_devices=True)[0].network


@pytest.mark.parametrize(
    ("cells", "network"),
    [
        ("", Network()),
        (",,,,no", Network()),
        (f"Kitchen,wpa2,{SECRET}", Network(Wifi(b"Kitchen", Security.WPA2, SECRET))),
        (f"Kitchen,WPA2,{'aB' * 32},,No", Network(Wifi(b"Kitchen", Security.WPA2, "aB" * 32))),
        (
            '"a ""b"" \\",wpa3,"p""a$s, w: #0"',
            Network(Wifi(b'a "b" \\', Security.WPA3, 'p"a$s, w: #0')),
        ),
        (
            f"Corp,enterprise,{SECRET},k@corp,yes",
            Network(Wifi(b"Corp", Security.ENTERPRISE, SECRET, "k@corp", hidden=True)),
        ),
        (
            "é世ß🍟" * 2 + "12345678,open",
            Network(Wifi(("é世ß🍟" * 2 + "12345678").encode(), Security.OPEN)),
        ),
        ("hex:436166e920ff00,open", Network(Wifi(b"Caf\xe9 \xff\0", Security.OPEN))),
        (
            ",,,,,192.0.2.21/24,192.0.2.1,192.0.2.53 192.0.2.54",
            Network(
                fixed=FixedAddress(
                    IPv4Interface("192.0.2.21/24"),
                    IPv4Address("192.0.2.1"),
                    (IPv4Address("192.0.2.53"), IPv4Address("192.0.2.54")),
                )
            ),
        ),
    ],
)
def test_a_network_is_read_letter_by_letter(tmp_path: Path, cells: str, network: Network) -> None:
    assert read(tmp_path, f"{STORE},{cells}") == network
    assert SECRET not in repr(network)


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        (
            f"{'é' * 16}x,wpa2,{SECRET}",
            "ssid",
            "it has 33 bytes, and a Wi-Fi network's name has 1 to 32",
        ),
        (f" Kitchen,wpa2,{SECRET}", "ssid", "begins or ends with a blank"),
        (f"Kit\u200bchen,wpa2,{SECRET}", "ssid", "write the name in hex, as in hex:4b6974"),
        (f"hex:4b6,wpa2,{SECRET}", "ssid", "two digits for each byte"),
        (f"hex:,wpa2,{SECRET}", "ssid", "it has 0 bytes"),
        (f"#NAME?,wpa2,{SECRET}", "ssid", "Excel has made this of it"),
        (f",wpa2,{SECRET}", "ssid", "it is empty, and security is not"),
        (f"Kitchen,,{SECRET}", "security", "write one of wpa2, wpa3, enterprise, open"),
        (f"Kitchen,{SECRET},wpa2", "security", "write one of"),
        ("Kitchen,wpa2,", "passphrase", "it is empty, and security is wpa2"),
        ("Kitchen,wpa2,sesame7", "passphrase", "it has 7 letters, and a passphrase has 8 to 63"),
        (f"Kitchen,wpa2,{SECRET * 6}", "passphrase", "it has 66 letters"),
        (f"Kitchen,wpa2,{SECRET} ", "passphrase", "begins or ends with a blank"),
        (
            "Kitchen,wpa2,1.23457E+11",
            "passphrase",
            "Excel has made this of it: format the column as text",
        ),
        (f"Kitchen,wpa3,{'ab' * 32}", "passphrase", "a WPA2 key, which WPA3 can't use"),
        (f"Kitchen,open,{SECRET}", "passphrase", "an open network has none"),
        (f"Corp,enterprise,{SECRET}", "identity", "it is empty: write who logs in"),
        (f"Kitchen,wpa2,{SECRET},{SECRET}", "identity", "only security enterprise has one"),
        (f"Kitchen,wpa2,{SECRET},,maybe", "hidden", "it is neither yes nor no"),
        (",,,,,192.0.2.21,192.0.2.1,192.0.2.1", "address", "four numbers and the network's length"),
        (",,,,,192.0.2.255/24,192.0.2.1,192.0.2.1", "address", "no device can have this one"),
        (",,,,,192.0.2.021/24,192.0.2.1,192.0.2.1", "address", "four numbers"),
        (
            ",,,,,192.0.2.21/24,192.0.3.1,192.0.2.1",
            "gateway",
            "it is not another address in 192.0.2.0/24",
        ),
        (",,,,,192.0.2.21/24,,192.0.2.1", "gateway", "write the router's address"),
        (",,,,,192.0.2.21/24,192.0.2.1,", "dns", "write the name servers' addresses"),
        (",,,,,192.0.2.21/24,192.0.2.1,192.0.2.1 x", "dns", "write the name servers' addresses"),
        (",,,,,,192.0.2.1,", "address", "it is empty, and gateway is not"),
    ],
)
def test_what_a_device_could_not_use_is_refused_before_anything_is_written(
    tmp_path: Path, cells: str, column: str, words: str
) -> None:
    with pytest.raises(ListError) as refused:
        read(tmp_path, f"{STORE},{cells}")
    assert f"row 2, column {column}: " in str(refused.value)
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("0421,Harbour,DE,,reference", "row 2, column board: it is empty, and without it"),
        ("0421,Harbour,DE,pi-5,", "row 2, column kit: it is empty"),
        (
            f"0421,Harbour,,pi-5,reference,Kitchen,wpa2,{SECRET}",
            "row 2, column country: it is empty",
        ),
        (f"{SECRET}!,Harbour,DE,pi-5,reference", "column store: it can't be a store's id"),
        (f"0421,Harbour,{SECRET},pi-5,reference", "column country: it is not a country"),
        (f"0421,Harbour,DE,{SECRET},reference", "column board: it is not known"),
    ],
)
def test_a_real_device_needs_its_board_and_a_slipped_row_shows_no_secret(
    tmp_path: Path, row: str, words: str
) -> None:
    with pytest.raises(ListError) as refused:
        read(tmp_path, row)
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_list_without_its_first_row_shows_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="cell A1 names no column") as refused:
        read(tmp_path, "", head=f"{SECRET},Harbour,{SECRET}")
    assert SECRET not in str(refused.value)
