"""`likelight.txt` on the boot volume: lines of NAME = VALUE, which Notepad can change.

The names are those of the list's columns, `cloud` and `code`. What stands behind the = counts
letter by letter, but for blanks around it: no quotes, and no comment behind a value.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from likelight.config.address import check_cloud_url
from likelight.contract.enrolment import code_of
from likelight.fleet.seed.boot_masks import EXAMPLE, masks_of
from likelight.fleet.stores.network import NETWORK, Network, Security, network_mistakes, network_of
from likelight.fleet.stores.rows import CHECKS, StoreRow, without_cell
from likelight.fleet.stores.table import encoding_of

BOOT_TEXT: Final = "likelight.txt"
MOST_BYTES: Final = 64 * 2**10

_IDENTITY = ("store", "name", "cloud", "code")
_DEVICE = ("country", "timezone", "language", "board", "kit")
RESET: Final = "reset"
ANOTHER_STORE: Final = "another-store"
MASKS: Final = "masks"
SETTINGS: Final = (*_IDENTITY, *_DEVICE, MASKS, RESET, *NETWORK)
CHANGEABLE: Final = frozenset(("name", "language", "country", MASKS, *NETWORK))
"""What the file may change on a kitchen's device; the country is its Wi-Fi's. A mask that
uncovers anything needs the crew, too."""

_ALSO_CALLED = {
    "kitchen": "store",
    "id": "store",
    "url": "cloud",
    "wifi": "ssid",
    "wi-fi": "ssid",
    "wlan": "ssid",
    "network": "ssid",
    "password": "passphrase",
    "key": "passphrase",
    "psk": "passphrase",
    "router": "gateway",
    "ip": "address",
}
EXAMPLES = {
    "store": "store-17",
    "name": "Harbour",
    "cloud": "https://cloud.example",
    "code": "…",
    "country": "DE",
    "timezone": "Europe/Berlin",
    "language": "en",
    "board": "pi-5",
    "kit": "reference",
    MASKS: EXAMPLE,
    RESET: ANOTHER_STORE,
    "ssid": "Kitchen",
    "security": "wpa2",
    "passphrase": "…",
    "identity": "store17@example.com",
    "hidden": "no",
    "address": "192.0.2.21/24",
    "gateway": "192.0.2.1",
    "dns": "192.0.2.53",
}
"""A value of each setting, for a panel that says what to type."""
_DELETE = ": delete it"
"""In the words about a setting that should not be there."""
_SAVE_AS = "in Notepad choose File, Save as, and the encoding UTF-8"
_HEAD = """\
# What this device is told when it starts. Change it with Notepad and save it.
# A line that begins with # is a remark, and does nothing.

"""
_FOOT = """
# Another Wi-Fi: write its name and passphrase behind the =, and delete the # before each line.
# security is wpa2, wpa3 or open.
#ssid =
#security = wpa2
#passphrase =
"""


class Remedy(StrEnum):
    """What ends a mistake, for a panel that speaks the crew's language."""

    WRITE = "write"
    """Write `text` in place of the line."""
    ADD = "add"
    """Write `text` as one line more."""
    DELETE = "delete"
    SAVE = "save"
    """Save the file anew, as text in UTF-8."""


@dataclass(frozen=True, slots=True)
class LineMistake:
    """What is wrong in a line, from 1 on, and what to type there. It repeats no secret."""

    line: int
    words: str
    remedy: Remedy = Remedy.DELETE
    text: str = ""

    def __str__(self) -> str:
        return f"{BOOT_TEXT}, line {self.line}: {self.words}"


@dataclass(frozen=True, slots=True)
class BootText:
    """What a file says; with a mistake it says nothing else."""

    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All but the network's."""
    network: Network | None = None
    """None where the file names none: then the one before stays."""
    lines: Mapping[str, int] = field(default_factory=dict)
    mistakes: tuple[LineMistake, ...] = ()

    @property
    def asks_reset(self) -> bool:
        """Whether the device should first forget the store whose it is."""
        return RESET in self.settings


def boot_text(store: StoreRow, cloud: str, code: str) -> bytes:
    """Return the file for the device of `store`, as Notepad saves one."""
    settings = {"store": store.kid, "name": store.name, "cloud": cloud, "code": code}
    details = store.details.model_dump(exclude_none=True)
    settings |= {name: details[name] for name in _DEVICE if name in details}
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    return (_HEAD + lines + _FOOT).replace("\n", "\r\n").encode()


def read_boot_text(content: bytes) -> BootText:
    """Return what a file of this `content` says, or all its mistakes."""
    if len(content) > MOST_BYTES:
        return _damaged(1, "the file is larger than 64 KiB: write it anew")
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _damaged(line, f"a letter here is not saved as UTF-8: {_SAVE_AS}")
    if "\0" in text:
        return _damaged(1, f"the file is damaged, or no text: write it anew; {_SAVE_AS}")
    cells, lines, mistakes = _cells(text)
    mistakes += _mistakes(cells, lines)
    if mistakes:
        return BootText(mistakes=tuple(sorted(mistakes, key=lambda mistake: mistake.line)))
    settings = {name: cell for name, cell in cells.items() if name not in NETWORK}
    network = network_of(cells) if {"ssid", "address"} & cells.keys() else None
    return BootText(settings, network, lines)


def for_enrolled(text: BootText, enrolled: Mapping[str, str]) -> BootText:
    """Return what of `text` counts on a device that has enrolled, with the settings `enrolled`,
    or that needs no cloud and has its crew's consent.

    Its network, its name and its panel's language, where the file is this kitchen's. Consent,
    hours and PRIVACY have no setting in such a file at all. One that asks for a reset counts as it
    is: the device is none that has enrolled any more, once the crew agrees.
    """
    if text.mistakes or text.asks_reset:
        return text
    for name in ("store", "cloud"):
        if _same(text, enrolled, name):
            continue
        line = text.lines[name]
        rest = "nothing in it counts. Delete the file, or reset the device for another store"
        if name not in enrolled:
            words = f"this device has no {name}, and this file names one: {rest}"
            return _refused(LineMistake(line, words))
        words = f"this device belongs to {enrolled[name]}, and this file to another {name}: {rest}"
        return _refused(LineMistake(line, words, Remedy.WRITE, f"{name} = {enrolled[name]}"))
    wrong = [
        _as_enrolled(text.lines[name], name, enrolled.get(name))
        for name in text.settings
        if name not in CHANGEABLE and name != "code" and not _same(text, enrolled, name)
    ]
    if wrong:
        return BootText(mistakes=tuple(wrong))
    taken = {name: value for name, value in text.settings.items() if name in CHANGEABLE}
    return replace(text, settings=taken)


def for_stick(text: BootText, own: Mapping[str, str]) -> BootText:
    """Return what of `text`, which a USB stick has, counts on a device with the settings `own`.

    As on one that has enrolled, also where it has not yet: whose it is comes from its card. So
    does a reset.
    """
    if text.asks_reset and not text.mistakes:
        words = "a stick resets no device: delete the line, or write it into the card's file"
        return _refused(LineMistake(text.lines[RESET], words))
    return for_enrolled(text, own)


def without_code(content: bytes) -> bytes:
    """Return a file that has been read, with remarks in place of its code and its reset: each
    counts once."""
    said = {"code": "#code was taken over by the device", RESET: "#reset was done"}
    return _remarked(content, said, said)


def without_network(content: bytes) -> bytes:
    """Return a file that has been read, with remarks in place of its network, which has worked."""
    said = {"passphrase": "#passphrase has worked, and is stored in the device alone"}
    return _remarked(content, NETWORK, said)


def _remarked(content: bytes, names: Collection[str], said: Mapping[str, str]) -> bytes:
    """Return a file with remarks in place of its lines of these names."""
    lines = content.decode(encoding_of(content)).replace("\r\n", "\n").split("\n")
    left = list[str]()
    for line in lines:
        name = line.partition("=")[0].strip().lower()
        left.append(said.get(name, f"#{line}") if name in names else line)
    return content if left == lines else "\r\n".join(left).encode()


def _as_enrolled(line: int, name: str, value: str | None) -> LineMistake:
    words = f"{name} can't be changed here once a device is a kitchen's: "
    if value is None:
        return LineMistake(line, f"{words}delete the line")
    own = f"{name} = {value}"
    return LineMistake(line, f"{words}write {own}", Remedy.WRITE, own)


def _damaged(line: int, words: str) -> BootText:
    return _refused(LineMistake(line, words, Remedy.SAVE))


def _refused(mistake: LineMistake) -> BootText:
    return BootText(mistakes=(mistake,))


def _same(text: BootText, enrolled: Mapping[str, str], name: str) -> bool:
    said = text.settings.get(name)
    return said is None or said.rstrip("/") == enrolled.get(name, "").rstrip("/")


def _cells(text: str) -> tuple[dict[str, str], dict[str, int], list[LineMistake]]:
    cells: dict[str, str] = {}
    lines: dict[str, int] = {}
    mistakes: list[LineMistake] = []
    # Not splitlines(), which also divides at characters that a name may have.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name, value = name.strip().lower(), value.strip()
        if not equals:
            words = "write NAME = VALUE, as in language = en"
            mistakes.append(_instead(number, words, _meant(name.split()[0])))
        elif name not in SETTINGS:
            mistakes.append(_instead(number, _unknown(name), _meant(name)))
        elif name in lines:
            words = f"{name} is in line {lines[name]} already; delete one of them"
            mistakes.append(LineMistake(number, words))
        else:
            lines[name] = number
            if value:
                cells[name] = value
    return cells, lines, mistakes


def _meant(name: str) -> str | None:
    """Return which setting somebody meant who wrote `name`; None for anything else."""
    close = difflib.get_close_matches(name, SETTINGS, n=1)
    return _ALSO_CALLED.get(name) or next(iter(close), None)


def _instead(line: int, words: str, name: str | None, remedy: Remedy = Remedy.WRITE) -> LineMistake:
    """Return a mistake that an example of the setting `name` mends; without one, it is deleted."""
    if name is None:
        return LineMistake(line, words)
    return LineMistake(line, words, remedy, f"{name} = {EXAMPLES[name]}")


def _unknown(name: str) -> str:
    meant = _meant(name)
    if meant:
        return f"write {meant} = VALUE: before the = there is no setting's name"
    return f"before the = stands no setting; write one of {', '.join(SETTINGS)}"


def _mistakes(cells: Mapping[str, str], lines: Mapping[str, int]) -> list[LineMistake]:
    mistakes = []
    for name, cell in cells.items():
        if words := _wrong(name, cell):
            mistakes.append(_instead(lines[name], f"{name}: {words}", name))
    first = next((lines[name] for name in NETWORK if name in lines), 1)
    for name, words in network_mistakes(cells):
        said = f"{name}: {words}"
        if name not in lines:
            mistakes.append(_instead(first, said, name, Remedy.ADD))
        else:
            mistakes.append(_instead(lines[name], said, None if _DELETE in words else name))
    if cells.get("security", "").lower() == Security.ENTERPRISE:
        words = "such a network also needs a file: have IT make a seed with it"
        mistakes.append(_instead(lines["security"], f"security: {words}", "security"))
    return mistakes


def _wrong(name: str, cell: str) -> str | None:
    try:
        if name == "cloud":
            check_cloud_url(cell)
        elif name == "code":
            code_of(cell)
        elif name == MASKS:
            masks_of(cell)
        elif name == RESET:
            return None if cell == ANOTHER_STORE else f"write {RESET} = {ANOTHER_STORE}"
        elif name in CHECKS:
            return without_cell(CHECKS[name](cell) or "") or None
    except ValueError as error:
        return str(error)
    return None
