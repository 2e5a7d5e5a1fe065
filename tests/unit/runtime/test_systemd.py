import asyncio
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from likelight.runtime.systemd import Systemd
from support.unit import CLOUD_UNIT, UNIT, environment
from support.waiting import WITHIN_S

STICK_UNIT = UNIT.with_name("likelight-stick@.service")
WIFI_AGAIN = UNIT.with_name("likelight-wifi.service")
GROWING_PAUSES = UNIT.parent / "likelight.service.d" / "growing-pauses.conf"


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A socket's path has at most 107 bytes (104 on macOS); pytest's own can be longer."""
    with tempfile.TemporaryDirectory(prefix="ll") as folder:
        yield Path(folder) / "notify"


async def test_ready_and_the_watchdog_reach_the_service_manager(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(short_path))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(short_path))
        monkeypatch.setenv("WATCHDOG_USEC", "20000")
        systemd = Systemd()
        assert "NOTIFY_SOCKET" not in os.environ, "child processes must not inherit it"
        systemd.ready("serving")
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
            pinging = group.create_task(systemd.run())
            told = [await loop.sock_recv(manager, 200) for _ in range(3)]
            pinging.cancel()
        systemd.stopping()
        told.append(await loop.sock_recv(manager, 200))
    assert told[0] == b"READY=1\nSTATUS=serving"
    assert told[1:3] == [b"WATCHDOG=1"] * 2
    assert told[3:] in ([b"STOPPING=1"], [b"WATCHDOG=1"])


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Systemd().ready("serving")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize(
    ("of", "program", "exposure"),
    [
        (UNIT, "/opt/likelight/current/bin/likelight", 15),
        (STICK_UNIT, "/opt/likelight/current/bin/likelight", 15),
        (CLOUD_UNIT, "/opt/likelight-cloud/bin/likelight-cloud", 12),
        (WIFI_AGAIN, "/bin/sh", 75),
    ],
    ids=["device", "stick", "cloud", "wifi"],
)
def test_the_unit_is_valid_and_hardened(
    tmp_path: Path, of: Path, program: str, exposure: int
) -> None:
    daemon = tmp_path / "likelight"
    daemon.write_text("#!/bin/sh\n")
    daemon.chmod(0o755)
    unit = tmp_path / of.name.replace("@.", "@sda1.")
    text = of.read_text().replace(program, str(daemon))
    # It makes /sys read-only, and with it the hardware PWM of a lamp.
    assert of != UNIT or "ProtectKernelTunables" not in text
    if of == UNIT and _systemd_version() >= 254:
        # As the drop-in of a directory, whose place is fixed, it would not be seen here.
        text += GROWING_PAUSES.read_text()
    unit.write_text(text)
    for check in (["verify"], ["security", "--offline=yes", f"--threshold={exposure}"]):
        done = subprocess.run(
            ["systemd-analyze", *check, str(unit)],
            capture_output=True,
            encoding="utf-8",
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert unit.name not in done.stderr, "it has no warning for the unit"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_the_socket_of_the_cloud_is_valid_and_has_the_name_that_the_cloud_looks_for(
    tmp_path: Path,
) -> None:
    text = CLOUD_UNIT.with_suffix(".socket").read_text()
    assert "\nFileDescriptorName=public\n" in text
    (tmp_path / "likelight-cloud.socket").write_text(text)
    (tmp_path / CLOUD_UNIT.name).write_text(
        CLOUD_UNIT.read_text().replace("/opt/likelight-cloud/bin/likelight-cloud", "/bin/true")
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "likelight-cloud.socket")],
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "likelight-cloud" not in done.stderr


def _systemd_version() -> int:
    told = subprocess.run(
        ["systemd-analyze", "--version"], capture_output=True, encoding="utf-8", timeout=100
    ).stdout
    return int(told.split()[1])


def test_the_unit_never_gives_up_and_keeps_its_runtime_directory() -> None:
    unit = UNIT.read_text().splitlines()
    assert "StartLimitIntervalSec=0" in unit
    assert [line for line in unit if line.startswith("Restart")] == [
        "Restart=on-failure",
        "RestartSec=10",
    ]
    assert "RuntimeDirectoryPreserve=yes" in unit
    pauses = [line for line in GROWING_PAUSES.read_text().splitlines() if "=" in line]
    assert pauses == ["RestartSec=2", "RestartSteps=6", "RestartMaxDelaySec=60"]


def test_a_service_manager_that_is_gone_takes_nothing_down(
    monkeypatch: pytest.MonkeyPatch, short_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(short_path))
    systemd = Systemd()
    systemd.ready("serving")
    systemd.stopping()
    assert len(caplog.messages) == 1, "told once, not at every ping"


def test_the_daemon_starts_as_the_unit_has_it_and_loads_only_what_it_needs() -> None:
    """60 MiB is the bound; tests/bench/bench_cost.py measures it."""
    look = (
        "import ssl, sys, likelight.cli.main, likelight.daemon.app, likelight.daemon.push_target\n"
        "needless = 'av', 'difflib', 'http.server', 'prometheus_client', 'likelight_cloud'\n"
        "print([module for module in needless if module in sys.modules])\n"
        "context = ssl.create_default_context()\n"
        "print(context.verify_mode.name, context.cert_store_stats()['x509'])\n"
        "print(likelight.daemon.push_target._authorities().is_file())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], env=environment(), capture_output=True, text=True, timeout=100
    )
    assert done.stdout.splitlines() == ["[]", "CERT_REQUIRED 0", "True"], done.stderr


@pytest.mark.parametrize(
    ("saved", "at_work", "asks"),
    [
        ("lo likelight-wifi", "lo", True),
        ("lo likelight-wifi", "lo likelight-wifi", False),
        ("lo likelight-wired", "lo", False),
        ("", "", False),
    ],
    ids=["given up", "at work", "by cable", "no NetworkManager"],
)
def test_a_wi_fi_that_networkmanager_has_given_up_is_asked_for_again(
    tmp_path: Path, saved: str, at_work: str, asks: bool
) -> None:
    """A stand-in answers for NetworkManager: there is no radio."""
    nmcli = tmp_path / "nmcli"
    nmcli.write_text(
        '#!/bin/sh\ncase "$*" in\n'
        f'*"show --active") printf "%s\\n" {at_work};;\n*show) printf "%s\\n" {saved};;\n'
        f'*) echo "$*" >>{tmp_path}/asked; exit 4;;\nesac\n'
    )
    nmcli.chmod(0o755)
    text = WIFI_AGAIN.read_text().replace("\\\n", " ")
    (start,) = [line for line in text.splitlines() if line.startswith("ExecStart=-")]
    command = shlex.split(start.removeprefix("ExecStart=-"))
    subprocess.run(command, env={"PATH": f"{tmp_path}:{os.defpath}"}, timeout=90, check=False)
    asked = tmp_path / "asked"
    told = asked.read_text() if asked.exists() else ""
    assert told == ("--wait 0 connection up id likelight-wifi\n" if asks else "")
    assert "OnUnitInactiveSec=10min" in WIFI_AGAIN.with_suffix(".timer").read_text()
