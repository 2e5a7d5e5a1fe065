"""The time zone of the kitchen: the one that is configured, or else the computer's own."""

import io
import os
import struct
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALTIME = Path("/etc/localtime")
_DEFAULT_CHANGES = ",M3.2.0,M11.1.0"
"""When summer time begins and ends in a POSIX text that does not say it: glibc's choice."""


def kitchen_zone(name: str | None) -> tzinfo:
    """Return the zone called `name` (IANA), or the computer's when it is None.

    Raises `ValueError`, which says what to write, for a name that is not a zone. A named zone is
    read from the disk the first time.
    """
    return _COMPUTER if name is None else _named(name)


@cache  # ZoneInfo's own cache forgets zones, and would read them again on the event loop
def _named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The name of a directory raises OSError, and a path ValueError.
        raise ValueError(
            f"{name!r} is not a time zone that this computer knows; write one such as"
            ' "Europe/Berlin" or "America/New_York"'
        ) from None


class ComputerZone(tzinfo):
    """The zone of the computer, which a person may change at any time.

    `tz` is the environment's TZ, understood as glibc does. Without one the file `localtime` counts.
    """

    def __init__(self, tz: str | None, localtime: Path = LOCALTIME) -> None:
        self.problem: str | None = None
        """Why `tz` does not count, in words; None while it does, or is not there."""
        self._tz = tz
        self._localtime = localtime
        self.rules = self.read() or UTC
        """What holds now; `use` changes it."""

    def read(self) -> tzinfo | None:
        """Return the rules that hold now; None while they can't be read. Reads the disk."""
        if self._tz is not None:
            try:
                return _rules_of(self._tz)
            except (OSError, ValueError):
                self.problem = (
                    f"TZ={self._tz!r} is not a time zone that this computer knows, so"
                    f" {self._localtime} counts; write one such as TZ=Europe/Berlin"
                )
        try:
            return _from_file(self._localtime)
        except (OSError, ValueError):
            return None

    def use(self, rules: tzinfo) -> None:
        """Count by `rules`, which `read` returned, from now on."""
        self.rules = rules

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return self.rules.utcoffset(when)

    def dst(self, when: datetime | None) -> timedelta | None:
        return self.rules.dst(when)

    def tzname(self, when: datetime | None) -> str | None:
        return self.rules.tzname(when)

    def fromutc(self, when: datetime) -> datetime:
        rules = self.rules
        return rules.fromutc(when.replace(tzinfo=rules)).replace(tzinfo=self)


def zone_name(zone: tzinfo) -> str | None:
    """Return what IANA calls `zone`; None for the computer's own where nothing says it."""
    if isinstance(zone, ComputerZone):
        return zone_name(zone.rules)
    return "UTC" if zone is UTC else getattr(zone, "key", None)


def _rules_of(tz: str) -> tzinfo:
    """Return what glibc takes `tz` for: a path, a zone's name, or a POSIX text such as JST-9."""
    text = tz.removeprefix(":")
    if not text:
        return UTC
    if text.startswith("/"):
        return _from_file(Path(text))
    try:
        return _named(text)
    except ValueError:
        if tz.startswith(":"):
            raise
    try:
        return _posix(text)
    except ValueError:
        return _posix(text + _DEFAULT_CHANGES)


def _from_file(path: Path) -> ZoneInfo:
    # The file itself does not say its name; /etc/localtime is a link to one that has it.
    name = str(path.resolve()).partition("/zoneinfo/")[2].removeprefix("posix/")
    with path.open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name or None)


def _posix(text: str) -> ZoneInfo:
    """Read a POSIX text as the last line of a zone's file, which has the same form (RFC 9636)."""
    header = struct.pack(">4sc15x6I", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    block = header + struct.pack(">iBB", 0, 0, 0) + b"UTC\0"
    return ZoneInfo.from_file(io.BytesIO(block + block + b"\n" + text.encode() + b"\n"))


_COMPUTER = ComputerZone(os.environ.get("TZ"))
"""Read here, before any event loop runs: the file is read from the disk."""
