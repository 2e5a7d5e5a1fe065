"""What a failed connection tells the crew about the line."""

import socket
import ssl
from unittest.mock import Mock

import aiohttp
import pytest

from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.http_cloud import failure_kind

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
            FailureKind.NAME_SERVER,
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "unknown")),
            FailureKind.DNS,
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(101, "Network is unreachable")),
            FailureKind.NETWORK,
        ),
        (
            aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "refused")),
            FailureKind.CLOUD,
        ),
        (certificate_error(9), FailureKind.CLOCK),
        (certificate_error(10), FailureKind.CLOCK),
        (certificate_error(18), FailureKind.CERTIFICATE),
        (
            aiohttp.ClientConnectorSSLError(KEY, OSError(1, "wrong version number")),
            FailureKind.CERTIFICATE,
        ),
        (aiohttp.ServerDisconnectedError(), FailureKind.NETWORK),
        (ConnectionResetError(), FailureKind.NETWORK),
    ],
)
def test_a_failure_tells_what_stands_in_the_way(error: Exception, told: FailureKind) -> None:
    assert failure_kind(error) is told
