"""Secrets that stand in files of their own, so that no configuration and no log shows them.

A person made such a file, perhaps on Windows: what an editor or a shell adds is understood. What
can't be understood is refused in words that show nothing of the file's content.
"""

import codecs
import os
import re
import stat
from pathlib import Path

from likelight.config.settings import ConfigError

MOST_BYTES = 16 * 1024
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""How a file begins that Notepad, or a `>` of PowerShell, has written."""
_QUOTES = "\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,1024}={0,2}")
"""What may stand after `Authorization: Bearer` (RFC 6750)."""
_KITCHEN_ADD = re.compile(r"The kitchen \S+ is ready\. .*:")
"""The line that `likelight-cloud kitchen add` prints before the token."""


def read_token(file: Path) -> str:
    """Return the device's token in `file`; what `kitchen add` prints may stand there whole.

    Raises `ConfigError`, and nothing else, when there is no token to be had from it.
    """
    what = "this device's token"
    lines = _lines(file, what)
    if len(lines) == 2 and _KITCHEN_ADD.fullmatch(lines[0]):
        lines = lines[1:]
    token = _unquoted(_only(lines, file, what))
    if not _TOKEN.fullmatch(token):
        raise ConfigError(
            f"what {file} holds is not {what}: a token is A-Z, a-z, 0-9, - and _ only, without "
            "spaces. Copy the last line of what `likelight-cloud kitchen add KID NAME` printed"
        )
    return token


def read_secret(file: Path, what: str) -> str:
    """Return the one line in `file`, which holds `what`.

    Raises `ConfigError`, and nothing else: when it is unreadable, empty, or readable by others.
    """
    return _unquoted(_only(_lines(file, what), file, what))


def _only(lines: list[str], file: Path, what: str) -> str:
    if len(lines) == 1:
        return lines[0]
    if not lines:
        raise ConfigError(f"{file} is empty; it should hold {what}")
    raise ConfigError(
        f"{file} has {len(lines)} lines; it should hold {what}, in one line, and nothing else"
    )


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES
    return text[1:-1].strip() if quoted else text


def _lines(file: Path, what: str) -> list[str]:
    """Return the lines that are not empty, without what stands around them."""
    content = _content(file, what)
    encoding = next((_MARKS[mark] for mark in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise ConfigError(
            f"{file} is not a text file; it should hold {what}, in one line"
        ) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _content(file: Path, what: str) -> bytes:
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would hold the daemon's start.
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise ConfigError(f"{file} is not an ordinary file; it should hold {what}")
            if about.st_mode & 0o077 and not _given_by_systemd(file):
                raise ConfigError(f"{file} can be read by others; run: `chmod 600 {file}`")
            content = os.read(descriptor, MOST_BYTES + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise ConfigError(f"can't read {what} in {file}: {_why(error)}") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(f"{file} is too large; it should hold {what}, in one line")
    return content


def _given_by_systemd(file: Path) -> bool:
    """Return whether `file` is a systemd credential.

    systemd lets the service's user in by an ACL, whose mask shows as the group's bits; it is the
    credentials' directory that keeps others out.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return credentials is not None and file.is_relative_to(credentials)


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "permission denied; it belongs to another user than the one who reads it"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
