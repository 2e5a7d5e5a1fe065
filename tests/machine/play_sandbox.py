"""The daemon's unit under a real systemd and kernel, in a virtual machine: what its sandbox permits
and refuses, and what the watchdogs do when the daemon hangs and when systemd does.

Stand-ins: gpio-sim, i2c-stub, vfb and vivid for a Pi's hardware, a line's file of gpio-sim for the
files of a hardware PWM, which no kernel module of Debian's simulates, the emulator's i6300esb for
the board's watchdog, and a rule of udev for the one of Raspberry Pi OS.
"""

import json
import re
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from support.virtual_machine import Boot, VirtualMachine, machine_tree, why_not

HERE = Path(__file__).parent
REASON = why_not()
DONE = "done"

pytestmark = [
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
    pytest.mark.timeout(2400),
]


@dataclass(frozen=True)
class Told:
    """What the machine's life brought."""

    boot: Boot
    probe: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    work = tmp_path_factory.mktemp("machine")
    shared = work / "test"
    shared.mkdir()
    shutil.copy(HERE / "probe.py", shared)
    with machine_tree(work) as tree:
        machine = VirtualMachine(
            tree, shared, modules=("vivid", "i6300esb"), devices=("-device", "i6300esb")
        )
        boot = machine.run((HERE / "sandbox.sh").read_text(), within_s=1800)
    probe = shared / "probe.json"
    assert probe.exists(), f"{boot.said}\n{boot.console[-3000:]}"
    return Told(boot, json.loads(probe.read_text()))


def test_the_daemon_gets_what_it_needs(told: Told) -> None:
    needed = told.probe["needed"]
    assert len(needed) == 25
    assert {name: came for name, came in needed.items() if came != DONE} == {}


def test_the_daemon_is_refused_what_it_must_not_have(told: Told) -> None:
    refused = told.probe["refused"]
    assert len(refused) == 46
    assert {name for name, came in refused.items() if came == DONE} == set()
    for folder in ("/usr/local", "/boot/firmware", "/etc", "/etc/likelight", "/var/log"):
        assert refused[f"writing {folder}"] == "EROFS"
    # No rule of a file would have refused these to it.
    for name in ("loading a module", "ptrace of a child", "a raw socket", "a key for the kernel"):
        assert refused[name] == "EPERM"
    assert refused["a packet socket"] == "EAFNOSUPPORT"


def test_of_the_devices_it_opens_those_of_its_hardware_alone(told: Told) -> None:
    nodes = told.probe["nodes"]
    opened = {name for name, came in nodes.items() if came == DONE}
    everybody_s = {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")}
    everybody_s |= {"/dev/ptmx", "/dev/pts/ptmx"}
    # vivid has a radio, and text pages: they are video nodes to the kernel.
    hardware = ("gpiochip*", "i2c-*", "fb*", "dma_heap/*", "media*")
    video = ("video*", "vbi*", "radio*", "swradio*", "v4l-touch*")
    assert {
        name
        for name in opened - everybody_s
        if not any(fnmatch(name, f"/dev/{kind}") for kind in (*hardware, *video))
    } == set()
    others = ("mem", "watchdog0", "kmsg", "uinput", "fuse", "ttyS0", "loop-control", "net/tun")
    for name in others:
        assert nodes[f"/dev/{name}"] in ("EPERM", "EACCES"), name


def test_its_score(told: Told) -> None:
    """Of systemd 257, Debian 13's."""
    assert re.search(r"^systemd 257\b", told.boot.said, re.MULTILINE)
    score = re.search(r"exposure level for likelight\.service: ([0-9.]+)", told.boot.said)
    assert score is not None
    assert float(score[1]) <= 1.5


def test_a_daemon_that_hangs_is_started_again(told: Told) -> None:
    assert "Watchdog timeout (limit 30s)!" in told.boot.said


def test_the_doctor_sees_both_watchdogs(told: Told) -> None:
    assert re.search(r"^ok +watchdog-service .*after 30 s$", told.boot.said, re.MULTILINE)
    assert re.search(r"^ok +watchdog-board .*after 15 s$", told.boot.said, re.MULTILINE)


def test_the_board_s_watchdog_resets_a_machine_whose_systemd_hangs(told: Told) -> None:
    assert "i6300ESB timer\nactive\n15\nsystemd hangs\n" in told.boot.said
    assert told.boot.status == -1, "nothing in it ended"
    events = [json.loads(line) for line in told.boot.events.splitlines()]
    watchdog = [event for event in events if event.get("event") == "WATCHDOG"]
    assert [event["data"]["action"] for event in watchdog] == ["reset"]
    (end,) = (event["data"] for event in events if event.get("event") == "SHUTDOWN")
    assert end["reason"] == "guest-reset"
