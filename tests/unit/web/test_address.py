"""Where the device is found: what it binds, what it asks, what it tells people."""

import socket

import pytest

from likelight.config.settings import ConfigError, WebSettings
from likelight.daemon.listener import device_listener
from likelight.web.http.address import own_address, shown_address
from likelight.web.http.server import listen
from support.demo import free_port


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


HOSTS = ["127.0.0.1", "0.0.0.0", "localhost", *(["::1", "::"] if _has_ipv6() else [])]


@pytest.mark.parametrize("host", HOSTS)
def test_the_device_reaches_what_it_bound(host: str) -> None:
    settings = WebSettings(host=host, port=free_port())
    with listen(settings.host, settings.port) as listener:
        told = [own_address(listener)]
        if host in ("0.0.0.0", "::"):
            told.append(f"http://127.0.0.1:{settings.port}")  # people are told an IPv4 address
        for address in told:
            name, _, port = address.removeprefix("http://").rpartition(":")
            with socket.create_connection((name.strip("[]"), int(port)), timeout=5):
                pass


def test_an_ipv6_address_is_written_as_in_a_url() -> None:
    assert shown_address("::1", 8080) == "http://[::1]:8080"
    assert shown_address("kitchen.local", 80) == "http://kitchen.local:80"


@pytest.mark.parametrize("host", ["no such name", "two..dots", "a" * 70])
def test_what_is_not_an_address_is_reported_in_words(host: str) -> None:
    with pytest.raises(ConfigError, match="is not an address of this machine"):
        device_listener(WebSettings(host=host, port=8080))
