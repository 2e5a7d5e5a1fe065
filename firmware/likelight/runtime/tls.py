"""TLS to the cloud: which authorities a device trusts, and why a certificate is refused."""

import os
import re
import ssl
from enum import StrEnum
from pathlib import Path

from likelight.runtime.printable import printable

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_MOST_BYTES = 1 << 20
"""The system's own bundle of all authorities has 0.2 MB."""
_DER = b"\x30\x82"
"""How a certificate begins that is not PEM: a SEQUENCE with two octets of length."""


class CaFileError(OSError):
    """The file with the authorities can't be used; the message names it, and says what to do."""


class MalformedCaFile(CaFileError):
    """The file can be read, but it does not hold certificates."""


class CertificateFault(StrEnum):
    """What is wrong with a certificate that was refused."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    UNKNOWN_AUTHORITY = "unknown authority"
    OTHER_NAME = "other name"
    AGAINST_RULES = "against the rules"
    """An extension is wrong or missing, such as an authority's key usage."""
    OTHER = "other"


_FAULTS = {
    # OpenSSL's X509_V_ERR_*, x509_vfy.h.
    9: CertificateFault.NOT_YET_VALID,
    10: CertificateFault.EXPIRED,
    **dict.fromkeys((2, 18, 19, 20, 21), CertificateFault.UNKNOWN_AUTHORITY),
    **dict.fromkeys((62, 64), CertificateFault.OTHER_NAME),
    **dict.fromkeys((25, 26, 32, 34, 37, 39, 41, *range(79, 95)), CertificateFault.AGAINST_RULES),
}
_WORDS = {
    CertificateFault.EXPIRED: "has expired, by this device's clock",
    CertificateFault.NOT_YET_VALID: "is not valid yet, by this device's clock",
    CertificateFault.UNKNOWN_AUTHORITY: "is signed by an authority that this device does not know",
    CertificateFault.OTHER_NAME: "is for another host name",
}


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts only the authorities in `ca_file`, None for the system's.

    Blocks. Raises `CaFileError`.
    """
    if ca_file is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cadata=_certificates(ca_file))
    except ssl.SSLError:
        raise MalformedCaFile(f"a certificate in {ca_file} is damaged: copy it again") from None
    # Python 3.13's own, on every Python: a device that is upgraded must not lose its cloud.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def ca_file_error(ca_file: Path) -> CaFileError | None:
    """Return why `ca_file` can't be used, None when it can. Blocks."""
    try:
        tls_context(ca_file)
    except CaFileError as error:
        return error
    return None


def certificate_fault(error: Exception) -> CertificateFault:
    """Return what is wrong with a certificate, from the `ssl.SSLCertVerificationError`."""
    return _FAULTS.get(getattr(error, "verify_code", 0), CertificateFault.OTHER)


def certificate_words(error: Exception) -> str:
    """Return a sentence about a certificate that was refused."""
    fault = certificate_fault(error)
    why = printable(str(getattr(error, "verify_message", error)))
    if fault is CertificateFault.AGAINST_RULES:
        said = f"breaks the rules for certificates ({why})"
    else:
        said = _WORDS.get(fault, f"was refused ({why})")
    return f"the cloud's certificate {said}"


def _certificates(file: Path) -> str:
    """Return the certificates in `file`, without what people write around them."""
    content = _content(file)
    found = _CERTIFICATE.findall(content)
    if found:
        return b"\n".join(found).decode("ascii", errors="replace")
    if b"PRIVATE KEY-----" in content:
        raise MalformedCaFile(f"{file} holds a private key: put the authority's certificate there")
    if content.startswith(_DER):
        raise MalformedCaFile(
            f"{file} is not PEM: `openssl x509 -inform der -in {file} -out NEW.pem` makes it so"
        )
    raise MalformedCaFile(
        f"{file} holds no certificate: a PEM file begins with -----BEGIN CERTIFICATE-----"
    )


def _content(file: Path) -> bytes:
    # Without O_NONBLOCK a pipe that nobody writes to would hold the thread for ever.
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as opened:
            return opened.read(_MOST_BYTES) or b""
    except FileNotFoundError:
        words = f"there is no {file}: put the authority's certificate (PEM) there"
    except PermissionError:
        words = f"{file} may not be read: `sudo chmod a+r {file}`, and a+x for each folder above it"
    except OSError as error:
        words = f"{file} can't be read: {error.strerror}"
    raise CaFileError(words)
