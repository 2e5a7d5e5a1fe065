"""The doctor on the way to the cloud, from the route to the upload."""

import socket
import ssl
from pathlib import Path

import pytest

from likelight.appreciation.sync.client import CloudBusy, DeviceRefused, FailureKind, Unreachable
from likelight.config.device_tokens import DeviceTokens
from likelight.config.settings import Config
from likelight.feed.upload.handshake import NotUpgraded
from likelight.fleet.doctor.checks import network
from likelight.fleet.doctor.probes import CloudAccess, TakenForUpload
from support.doctor import (
    BY_ID,
    CLOUD,
    TOKEN,
    Case,
    assert_seen,
    assert_shown,
    examine,
    raises,
    says,
    with_files,
)
from support.machine import Machine
from support.network_manager import CABLE, WIFI, Stand

PLAIN = {"cloud": {"url": "http://cloud.example", "token_file": "/etc/likelight/token"}}
ROUTE = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
ROUTE_4 = ROUTE + "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\n"
ROUTE_6 = f"{'0' * 32} 00 {'0' * 32} 00 {'f' * 32} 400 1 0 00000003 wlan0\n"
WIRELESS = "Inter-| sta-|\n face | tus |\n wlan0: 0000   54.  {}.  -256        0\n"


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("bad")
    error.verify_code, error.verify_message = code, "self-signed certificate"
    return error


CASES = [
    Case("cloud", "fail", "another device", CLOUD, says({**TOKEN}, cloud="superseded")),
    Case("cloud", "ok", "kitchen", CLOUD, says({**TOKEN})),
    Case("local-network", "skip", "inside", {}),
    Case("local-network", "skip", "doesn't answer", CLOUD),
    Case("local-network", "ok", "up", CLOUD, Machine(commands={"busctl": Stand().has(CABLE, 100)})),
    Case(
        "local-network",
        "fail",
        "W1: the Wi-Fi refuses this device's password",
        CLOUD,
        Machine(commands={"busctl": Stand().has(WIFI, 120, 7)}),
    ),
    Case("route", "skip", "inside", {}),
    Case("route", "skip", "doesn't report", CLOUD),
    Case("route", "ok", "IPv4 by eth0", CLOUD, with_files({"/proc/net/route": ROUTE_4})),
    Case(
        "route",
        "ok",
        "IPv6 by wlan0",
        CLOUD,
        with_files({"/proc/net/route": ROUTE, "/proc/net/ipv6_route": ROUTE_6}),
    ),
    Case("route", "fail", "no default", CLOUD, with_files({"/proc/net/route": ROUTE})),
    Case("wifi-signal", "skip", "no Wi-Fi", {}),
    Case(
        "wifi-signal", "ok", "-56 dBm", {}, with_files({"/proc/net/wireless": WIRELESS.format(-56)})
    ),
    Case(
        "wifi-signal",
        "warn",
        "-82 dBm",
        {},
        with_files({"/proc/net/wireless": WIRELESS.format(-82)}),
    ),
    Case("wifi-power-save", "skip", "no Wi-Fi", {}),
    Case(
        "wifi-power-save",
        "skip",
        "no iw",
        {},
        with_files({"/proc/net/wireless": WIRELESS.format(-56)}),
    ),
    Case(
        "wifi-power-save",
        "ok",
        "awake",
        {},
        Machine({"/proc/net/wireless": WIRELESS.format(-56)}, commands={"iw": "Power save: off\n"}),
    ),
    Case(
        "wifi-power-save",
        "warn",
        "saves power",
        {},
        Machine({"/proc/net/wireless": WIRELESS.format(-56)}, commands={"iw": "Power save: on\n"}),
    ),
    Case("dns", "skip", "inside", {}),
    Case("dns", "ok", "cloud.example", CLOUD, with_files({"/proc/net/route": ROUTE_4})),
    Case(
        "dns",
        "fail",
        "not known",
        CLOUD,
        with_files({}, resolve=raises(socket.gaierror(-2, "Name or service not known"))),
    ),
    Case(
        "dns",
        "fail",
        "IPv6 only",
        CLOUD,
        with_files({"/proc/net/route": ROUTE, "/proc/net/ipv6_route": ROUTE_6}),
    ),
    Case("tls", "skip", "inside", {}),
    Case("tls", "ok", "cloud.example", CLOUD),
    Case("tls", "warn", "unencrypted", PLAIN),
    Case("tls", "fail", "not valid yet", CLOUD, with_files({}, handshake=raises(certificate(9)))),
    Case("tls", "fail", "was refused", CLOUD, with_files({}, handshake=raises(certificate(23)))),
    Case(
        "tls",
        "fail",
        "can't be reached",
        CLOUD,
        with_files({}, handshake=raises(TimeoutError("timed out"))),
    ),
    Case("cloud", "skip", "inside", {}),
    Case("cloud", "fail", "can't read", CLOUD),
    Case("cloud", "ok", "kitchen", CLOUD, with_files({**TOKEN})),
    Case(
        "cloud",
        "fail",
        "refuses this device",
        CLOUD,
        with_files({**TOKEN}, ask_cloud=raises(DeviceRefused(401))),
    ),
    Case(
        "cloud",
        "fail",
        "no cloud",
        CLOUD,
        with_files(
            {**TOKEN}, ask_cloud=raises(Unreachable("log-in page", FailureKind.INTERCEPTED))
        ),
    ),
    Case("cloud", "warn", "busy", CLOUD, with_files({**TOKEN}, ask_cloud=raises(CloudBusy(5)))),
    Case("upload", "skip", "inside", {}),
    Case("upload", "fail", "can't read", CLOUD),
    Case("upload", "ok", "gets through", CLOUD, with_files({**TOKEN})),
    *(
        Case(
            "upload",
            "fail",
            f"a proxy in between lets no WebSocket through (status {status})",
            CLOUD,
            with_files({**TOKEN}, ask_upload=raises(NotUpgraded(status, None))),
        )
        for status in (200, 400, 426)
    ),
    Case(
        "upload",
        "warn",
        "took the question for an upload",
        CLOUD,
        with_files({**TOKEN}, ask_upload=raises(TakenForUpload())),
    ),
    Case(
        "upload",
        "fail",
        "something else answered with status 403",
        CLOUD,
        with_files({**TOKEN}, ask_upload=raises(NotUpgraded(403, None))),
    ),
    Case(
        "upload",
        "fail",
        "no answer",
        CLOUD,
        with_files({**TOKEN}, ask_upload=raises(Unreachable("no answer within 5 s"))),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(network.CHECKS, CASES)


def test_a_proxy_that_blocks_websockets_has_its_own_fix(tmp_path: Path) -> None:
    blocked = with_files({**TOKEN}, ask_upload=raises(NotUpgraded(426, None)))
    diagnosis = examine(BY_ID["upload"], Case("upload", "", "", CLOUD, blocked), tmp_path)
    assert diagnosis.finding.fix == "let the proxy pass Upgrade and Connection headers"


def test_a_cloud_that_is_down_is_no_reason_to_enrol_again(tmp_path: Path) -> None:
    down = with_files({**TOKEN}, ask_cloud=raises(Unreachable("refused", FailureKind.CLOUD)))
    diagnosis = examine(BY_ID["cloud"], Case("cloud", "", "", CLOUD, down), tmp_path)
    assert diagnosis.fix == "make sure that the cloud runs, and that it is the one at cloud.url"


def test_a_token_that_is_missing_or_none_has_a_fix_of_its_own(tmp_path: Path) -> None:
    diagnosis = examine(BY_ID["cloud"], Case("cloud", "", "", CLOUD), tmp_path)
    assert "put the token alone into /etc/likelight/token" in diagnosis.fix
    diagnosis = examine(BY_ID["secret-files"], Case("secret-files", "", "", CLOUD), tmp_path)
    assert "chown" not in diagnosis.fix, "no command works on a file that is not there"
    assert "put the secret there" in diagnosis.fix


def test_a_device_that_goes_on_with_the_token_before_is_let_in_and_the_newest_is_told(
    tmp_path: Path,
) -> None:
    file, state = tmp_path / "etc/likelight/token", tmp_path / "state"
    for folder in (file.parent, state):
        folder.mkdir(parents=True)
    file.touch(mode=0o600)
    file.write_text("first")
    config = Config.model_validate(CLOUD)
    tokens = DeviceTokens(file, state, "https://cloud.example", config.kitchen.id)
    drawn = tokens.draw("first")
    tokens.confirm()
    asked: list[str] = []

    def takes_what_it_drew(access: CloudAccess) -> None:
        asked.append(access.token)
        if access.token != drawn:
            raise DeviceRefused(401)

    machine = with_files({**TOKEN}, ask_cloud=takes_what_it_drew)
    assert_seen(Case("cloud", "warn", "with the one before", CLOUD, machine), tmp_path)
    assert asked == ["s3cret", drawn]


@pytest.mark.parametrize("check", ["cloud", "upload", "secret-files"])
def test_a_device_that_waits_to_be_paired_is_not_told_to_make_a_token_file(
    check: str, tmp_path: Path
) -> None:
    no_file = {"cloud": {"url": "https://cloud.example"}, "state_dir": str(tmp_path / "state")}
    diagnosis = examine(BY_ID[check], Case(check, "", "", no_file), tmp_path)
    assert diagnosis.finding.words == "not paired: it has no token yet"
    assert "file" not in (diagnosis.finding.fix or "")
