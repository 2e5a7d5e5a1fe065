"""Every command that likelight tells people to type is one that works."""

import ast
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from likelight.cli import main as device_cli
from likelight_cloud.cli import main as cloud_cli

PROJECT = Path(__file__).parents[3]
SOURCES = sorted(
    file
    for package in ("firmware/likelight", "hw/likelight_hw", "cloud/likelight_cloud")
    for file in (PROJECT / package).rglob("*.py")
)
DOCTOR = PROJECT / "firmware" / "likelight" / "fleet" / "doctor"
PARSERS = {"likelight": device_cli.command_line(), "likelight-cloud": cloud_cli.command_line()}
PACKAGES = {
    "apt": "apt",
    "chmod": "coreutils",
    "chown": "coreutils",
    "cp": "coreutils",
    "groupadd": "passwd",
    "install": "coreutils",
    "ip": "iproute2",
    "journalctl": "systemd",
    "ls": "coreutils",
    "nmcli": "network-manager",
    "nmtui": "network-manager",
    "openssl": "openssl",
    "raspi-config": "raspi-config",
    "ss": "iproute2",
    "systemctl": "systemd",
    "timedatectl": "systemd",
    "usermod": "passwd",
}
"""The programs that Raspberry Pi OS has without anything being installed, and what they are in."""
WITH_VERBS = {"apt", "ip", "nmcli", "openssl", "systemctl", "timedatectl"}
TO_INSTALL = {
    "libfribidi0": "Debian",
    "debian-archive-keyring": "Debian",
    "mtools": "Debian",
    "python3-lgpio": "Raspberry Pi OS",
    "python3-picamera2": "Raspberry Pi OS",
    "python3-spidev": "Debian",
    "systemd-timesyncd": "Debian",
    "xz-utils": "Debian",
    "zstd": "Debian",
}
TYPED = re.compile(r"`([^`\n]+)`")
UNMARKED = re.compile(
    r"\b(sudo(?! it)|systemctl|journalctl|chmod|chown|apt install|likelight-cloud) [a-z-]"
    r"|\blikelight (boot-volume|camera|config|consent|demo|doctor|flash|lights|notes|pair|queue)\b"
    r"|\blikelight (run|selftest)\b"
)

PRINTS_A_SCRIPT = {"deployment.py"}
"""Its commands are lines of their own, to be copied as they are."""


def texts(source: Path) -> Iterator[str]:
    """Yield every text of a module that is not a docstring; what is filled in is an X."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            parts = (part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
            yield "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from () if id(node) in silent else (node.value,)


def commands() -> Iterator[tuple[str, list[str]]]:
    for source in SOURCES:
        for text in texts(source):
            for typed in TYPED.findall(text):
                words = shlex.split(typed)
                words = words[1:] if words[0] == "sudo" else words
                if words[0] in PACKAGES or words[0] in PARSERS or source.is_relative_to(DOCTOR):
                    yield typed, words


COMMANDS = dict(commands())


@cache
def help_of(*words: str) -> str:
    done = subprocess.run(
        [*words, "--help"], capture_output=True, text=True, timeout=100, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("typed", sorted(COMMANDS))
def test_a_command_that_a_person_is_told_to_type_exists(typed: str) -> None:
    program, *words = COMMANDS[typed]
    if program in PARSERS:
        check_ours(program, words)
        return
    assert program in PACKAGES, f"is {program} on every device?"
    if program == "apt" and words[0] == "install":
        assert set(words[1:]) <= TO_INSTALL.keys()
    if shutil.which(program) is None:
        return  # raspi-config and NetworkManager's; the table above is all that can be known
    verb = words[:1] if program in WITH_VERBS else []
    assert set(verb) <= set(re.findall(r"[a-z0-9-]+", help_of(program))), verb
    known = help_of(program, *verb) if program == "openssl" else help_of(program)
    for word in words:
        name = word.partition("=")[0]
        if name.startswith("-") and not re.search(rf"(?<![\w-]){name}\b", known):
            assert not name.startswith("--"), f"{program} has no {name}"
            for letter in name[1:]:
                assert re.search(rf"(?<![\w-])-{letter}\b", known), f"{program} has no -{letter}"


def check_ours(program: str, words: list[str]) -> None:
    filled = ["2027-05-31" if word == "DATE" else word for word in words]
    if "--help" in filled:
        with pytest.raises(SystemExit, match=r"^0$"):
            PARSERS[program].parse_args(filled)
    else:
        PARSERS[program].parse_args(filled)


def test_every_command_is_marked_as_one() -> None:
    for source in SOURCES:
        for text in () if source.name in PRINTS_A_SCRIPT else texts(source):
            assert not UNMARKED.search(TYPED.sub("", text)), (source.name, text)


def test_the_commands_are_found() -> None:
    assert len(COMMANDS) > 30
    assert {words[0] for words in COMMANDS.values()} >= PACKAGES.keys() | PARSERS.keys()
