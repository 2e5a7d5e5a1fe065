"""Networks as NetworkManager's key files."""

from ipaddress import IPv4Address, IPv4Interface

import pytest

from likelight.fleet.seed.key_file import key_file, wpa2_key
from likelight.fleet.stores.network import FixedAddress, Network, Security, Wifi


@pytest.mark.parametrize(
    ("passphrase", "ssid", "key"),
    [
        ("password", b"IEEE", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        (
            "ThisIsAPassword",
            b"ThisIsASSID",
            "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af",
        ),
        ("a" * 32, b"Z" * 32, "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62"),
    ],
)
def test_the_keys_are_those_of_ieee_802_11i_annex_h_4(
    passphrase: str, ssid: bytes, key: str
) -> None:
    assert wpa2_key(ssid, passphrase) == key
    assert wpa2_key(ssid, key.upper()) == key, "it is a key already"


def lines(network: Network, radius_name: str = "") -> list[str]:
    content = key_file(network, radius_name)
    assert content is not None
    return content.decode().splitlines()


def test_names_are_bytes_and_no_passphrase_of_wpa2_is_in_it() -> None:
    written = lines(Network(Wifi(b"65;Caf\xe9 \0", Security.WPA2, "correct horse", hidden=True)))
    assert "ssid=54;53;59;67;97;102;233;32;0;" in written
    assert ("hidden=true" in written, "key-mgmt=wpa-psk" in written) == (True, True)
    assert f"psk={wpa2_key(b'65;Caf' + bytes([0xE9, 0x20, 0]), 'correct horse')}" in written
    assert "correct horse" not in "\n".join(written)


def test_a_cable_that_is_plugged_in_is_used_whatever_the_wi_fi_does() -> None:
    """NetworkManager gives a cable the metric 100 and a Wi-Fi 600, and connects both by itself."""
    written = lines(Network(Wifi(b"Kitchen", Security.WPA2, "correct horse")))
    keys = {line.partition("=")[0] for line in written}
    assert not keys & {"autoconnect", "route-metric", "never-default", "interface-name", "master"}
    assert "autoconnect-retries=0" in written, "an access point may come back hours later"


def test_texts_are_escaped_as_glib_reads_them() -> None:
    assert r"psk=p\\a;s #" in lines(Network(Wifi(b"k", Security.WPA3, r"p\a;s #")))
    corp = Network(Wifi(b"Corp", Security.ENTERPRISE, r"s3\r", "k@corp"))
    written = lines(corp, "radius.corp.example")
    assert {r"password=s3\\r", "identity=k@corp", "phase2-auth=mschapv2"} <= set(written)
    assert "ca-cert=/etc/likelight/wifi-authority.pem" in written
    assert "domain-suffix-match=radius.corp.example" in written


def test_an_open_network_has_no_security_and_a_cable_may_have_an_address() -> None:
    assert "[wifi-security]" not in lines(Network(Wifi(b"Guest", Security.OPEN)))
    dns = (IPv4Address("192.0.2.53"), IPv4Address("192.0.2.54"))
    fixed = FixedAddress(IPv4Interface("192.0.2.21/24"), IPv4Address("192.0.2.1"), dns)
    written = lines(Network(fixed=fixed))
    assert {"type=ethernet", "method=manual", "dns=192.0.2.53;192.0.2.54;"} <= set(written)
    assert "address1=192.0.2.21/24,192.0.2.1" in written
    assert key_file(Network()) is None
