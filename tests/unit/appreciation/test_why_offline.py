"""What a failed connection tells the crew about the line."""

import socket
import ssl
from unittest.mock import Mock

import aiohttp
import pytest

from likelight.appreciation.sync.client import Why, why

KEY = Mock(ssl=True, host="cloud.invalid", port=443, is_ssl=True)


def certificate_error(code: int) -> aiohttp.ClientConnectorCertificateError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return aiohttp.ClientConnectorCertificateError(KEY, error)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_AGAIN, "again")),
            Why.LINE,
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "unknown")),
            Why.NAMES,
        ),
        (aiohttp.ClientConnectorError(KEY, OSError(101, "Network is unreachable")), Why.LINE),
        (aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "refused")), Why.CLOUD),
        (certificate_error(9), Why.CLOCK),
        (certificate_error(10), Why.CLOCK),
        (certificate_error(18), Why.STRANGER),
        (aiohttp.ClientConnectorSSLError(KEY, OSError(1, "wrong version number")), Why.STRANGER),
        (aiohttp.ServerDisconnectedError(), Why.LINE),
        (ConnectionResetError(), Why.LINE),
    ],
)
def test_a_failure_tells_what_stands_in_the_way(error: Exception, told: Why) -> None:
    assert why(error) is told
