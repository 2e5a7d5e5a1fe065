"""The doctor on the service: its unit, account, port, watchdogs and files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from likelight.config.settings import Config
from likelight.fleet.doctor.checks import service
from support.doctor import (
    BY_ID,
    CLOUD,
    GOOD_UNIT,
    KIT,
    PASSWD,
    PI_4,
    TOKEN,
    UNIT,
    Case,
    assert_seen,
    assert_shown,
    examine,
    raises,
    with_files,
)
from support.machine import COOK, Machine

HIDES = "[Service]\nProtectHome=yes\n"
BINDS = "[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
LOWEST_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
AT_HOME = {"cloud": {"url": "https://cloud.example", "token_file": "/home/cook/token"}}
OWN_CA = {"cloud": {**CLOUD["cloud"], "ca_file": "/srv/ca.pem"}}
OWN_CA_BELOW = {"cloud": {**CLOUD["cloud"], "ca_file": "/srv/brand/ca.pem"}}
RUNS = "ActiveState=active\nSubState=running\nResult=success\nExecMainStatus=0\n"
DOWN = "ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=2\nNRestarts=0\n"


def unit_says(
    shown: str, error: str = "the port is taken\n", restarts: int = 0, *, journal: bool = True
) -> Machine:
    """Return a machine with the service, of which systemctl and the journal say this."""

    def journalctl(words: Sequence[str]) -> str:
        if "err" in words:
            return error
        if "MESSAGE_ID=5eb03494b6584870a536b337290809b3" in words:
            assert {"--since=-24h", "UNIT=likelight.service", "_PID=1"} <= set(words)
            return '{"N_RESTARTS": "9"}\n' * restarts
        return '{"MESSAGE": "Started"}\n' if journal else ""

    return Machine({UNIT: GOOD_UNIT}, commands={"systemctl": shown, "journalctl": journalctl})


CASES = [
    Case("service", "skip", "not installed", {}),
    Case("service", "skip", "no systemctl", {}, with_files({UNIT: GOOD_UNIT})),
    Case("service", "skip", "can't be asked", {}, unit_says("Failed to connect to bus")),
    Case(
        "service",
        "ok",
        "3 times in the last day",
        {},
        unit_says(f"{RUNS}NRestarts=9\n", restarts=3),
    ),
    Case("service", "warn", "4 times in the last day: the port", {}, unit_says(RUNS, restarts=4)),
    Case(
        "service",
        "warn",
        "journal can't be read",
        {},
        unit_says(f"{RUNS}NRestarts=4\n", journal=False),
    ),
    Case(
        "service",
        "ok",
        "can't be read",
        {},
        Machine({UNIT: GOOD_UNIT}, commands={"systemctl": RUNS}),
    ),
    Case("service", "fail", "status 2: the port is", {}, unit_says(DOWN)),
    Case(
        "service",
        "fail",
        "no journalctl",
        {},
        Machine({UNIT: GOOD_UNIT}, commands={"systemctl": DOWN}),
    ),
    Case("service", "fail", "try it with sudo", {}, unit_says(DOWN, error="")),
    Case("service-groups", "skip", "not installed", {}),
    Case(
        "service-groups",
        "ok",
        "gpio i2c",
        {},
        with_files({UNIT: GOOD_UNIT, "/etc/group": "gpio:x:1:\ni2c:x:2:\n"}),
    ),
    Case(
        "service-groups",
        "fail",
        "missing: i2c",
        {},
        with_files({UNIT: GOOD_UNIT, "/etc/group": "gpio:x:1:\n"}),
    ),
    Case("one-daemon", "skip", "simulated", {}),
    Case(
        "one-daemon",
        "ok",
        "process 7",
        KIT,
        with_files({"/proc/7/cmdline": "python\0/opt/bin/likelight\0run\0"}),
    ),
    Case(
        "one-daemon",
        "fail",
        "7 and 12",
        KIT,
        with_files(
            {
                "/proc/7/cmdline": "python\0/opt/bin/likelight\0run\0",
                "/proc/12/cmdline": "python3.13\0-m\0likelight\0run\0",
                "/proc/13/cmdline": "vi\0/etc/likelight/run\0",
                "/proc/14/cmdline": "sudo\0likelight\0run\0",
                "/proc/15/cmdline": "python\0-m\0likelight\0demo\0",
            }
        ),
    ),
    Case("state-owner", "skip", "not installed", {}),
    Case("state-owner", "skip", "nothing is kept", {}, with_files({UNIT: GOOD_UNIT})),
    Case(
        "state-owner",
        "fail",
        "somebody else than likelight",
        {},
        with_files({UNIT: GOOD_UNIT, "/etc/passwd": PASSWD, "/state/lock": ""}),
    ),
    Case("watchdog-service", "skip", "not installed", {}),
    Case("watchdog-service", "ok", "30 s", {}, with_files({UNIT: GOOD_UNIT})),
    Case("watchdog-service", "fail", "no WatchdogSec", {}, with_files({UNIT: "[Service]\n"})),
    Case("watchdog-board", "skip", "not a Raspberry Pi", {}),
    Case(
        "watchdog-board",
        "ok",
        "15 s",
        {},
        with_files(
            {
                **PI_4,
                "/sys/class/watchdog/watchdog0/state": "active\n",
                "/sys/class/watchdog/watchdog0/timeout": "15\n",
            }
        ),
    ),
    Case(
        "watchdog-board",
        "fail",
        "not armed",
        {},
        with_files({**PI_4, "/sys/class/watchdog/watchdog0/state": "inactive\n"}),
    ),
    Case("watchdog-board", "fail", "no hardware", {}, with_files({**PI_4})),
    Case("port", "ok", "free", {}),
    Case("port", "fail", "something else", {}, with_files({}, is_free=lambda *_: False)),
    Case(
        "port",
        "ok",
        "for the kitchen store-1",
        {},
        with_files({}, is_free=lambda *_: False, answers_as=lambda *_: "store-1"),
    ),
    Case(
        "port",
        "fail",
        "can't listen",
        {},
        with_files({}, is_free=raises(OSError(99, "no address"))),
    ),
    Case("secret-files", "skip", "no file", {}),
    Case("secret-files", "fail", "can't be looked at", CLOUD),
    Case(
        "secret-files", "fail", "read by others", CLOUD, with_files({"/etc/likelight/token": 0o644})
    ),
    Case(
        "secret-files",
        "fail",
        "cook can't read",
        CLOUD,
        with_files({"/etc/likelight/token": 0o600}),
    ),
    Case(
        "secret-files",
        "ok",
        "token",
        CLOUD,
        with_files({"/etc/likelight/token": 0o600}, me=replace(COOK, uid=0)),
    ),
    Case(
        "secret-files",
        "fail",
        "likelight can't read /etc/likelight/token",
        CLOUD,
        with_files({UNIT: GOOD_UNIT, "/etc/passwd": PASSWD, **TOKEN}, me=replace(COOK, uid=0)),
    ),
    Case(
        "secret-files",
        "fail",
        "sees nothing of /home",
        AT_HOME,
        with_files({UNIT: HIDES, "/home/cook/token": 0o600}),
    ),
    Case("named-files", "skip", "names none", {}),
    Case("named-files", "ok", "/srv/ca.pem", OWN_CA, with_files({"/srv/ca.pem": 0o644})),
    Case("named-files", "fail", "can't be looked at", OWN_CA),
    Case(
        "named-files",
        "fail",
        "cook can't read /srv/ca.pem",
        OWN_CA,
        with_files({"/srv/ca.pem": 0o640}),
    ),
    Case("port", "fail", "below 9000 to root only", {}, with_files({LOWEST_PORT: "9000\n"})),
    Case("port", "ok", "free", {}, with_files({LOWEST_PORT: "9000\n", UNIT: BINDS})),
    Case(
        "port",
        "fail",
        "to root only",
        {},
        with_files({LOWEST_PORT: "9000\n", UNIT: f"{BINDS}PrivateUsers=yes\n"}),
    ),
    Case("boot-secrets", "skip", "not a Raspberry Pi", {}),
    Case(
        "boot-secrets",
        "ok",
        "none",
        {},
        with_files({**PI_4, "/boot/firmware/user-data": "# password: no\n"}),
    ),
    Case(
        "boot-secrets",
        "warn",
        "network-config",
        {},
        with_files({**PI_4, "/boot/firmware/network-config": 'password: "hunter2"\n'}),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(service.CHECKS, CASES, elsewhere={"state-owner"})


def test_a_service_that_owns_what_it_keeps(tmp_path: Path) -> None:
    me = (tmp_path / "x").mkdir() or (tmp_path / "x").stat().st_uid
    passwd = f"likelight:x:{me}:{me}::/:/bin/false\n"
    machine = with_files({UNIT: GOOD_UNIT, "/etc/passwd": passwd, "/state/lock": ""})
    found = examine(BY_ID["state-owner"], Case("state-owner", "", "", {}, machine), tmp_path)
    assert found.finding.result == "ok"


def test_a_folder_that_the_service_may_not_enter_is_named(tmp_path: Path) -> None:
    machine = with_files({UNIT: GOOD_UNIT, "/etc/passwd": PASSWD, "/srv/brand/ca.pem": 0o644})
    system = machine.system(
        tmp_path, Config.model_validate({"state_dir": "/state", **OWN_CA_BELOW})
    )
    (tmp_path / "srv/brand").chmod(0o700)
    found = BY_ID["named-files"].look(system)
    assert "likelight can't read /srv/brand/ca.pem: it may not enter /srv/brand" in found.words
    assert found.fix == "`sudo chmod a+x /srv/brand`"
