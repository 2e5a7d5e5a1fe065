"""A push's address and its secrets, its time-outs, and its settings."""

import asyncio
import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from av.error import BrokenPipeError as BrokenPipe
from av.error import ConnectionRefusedError as Refused
from av.error import FFmpegError
from hypothesis import given
from hypothesis import strategies as st

from likelight.config.secret import read_secret
from likelight.config.settings import Config, ConfigError, PushSettings, read_config
from likelight.contract import State
from likelight.daemon import push as push_module
from likelight.daemon.push import HEALTHY_S, Push, PushPhase
from likelight.daemon.push_target import read_push_target
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight_hw.child.packets import Unpacker
from likelight_hw.ports import AccessUnit, StreamFormat
from likelight_hw.push.child import describe_failure
from likelight_hw.push.target import PushTarget
from likelight_hw.push.wire import KEYFRAME, pack_setup, pack_unit, unpack_setup
from support.virtual import run_virtual

CA_FILE = Path("/ca.pem")
SECRET = "rtmps://user:password@live.example:1936/app/the-key?token=abc"
STREAM = StreamFormat(640, 360, 30, simulated=False)


def test_only_the_server_of_a_target_is_ever_shown() -> None:
    target = PushTarget(SECRET, CA_FILE)
    assert target.server == "rtmps://live.example:1936"
    shown = repr(target) + str(target) + target.server
    assert not any(secret in shown for secret in ("user", "password", "app", "the-key", "abc"))
    assert target.secure
    assert not PushTarget("rtsp://live.example/app", CA_FILE).secure


@pytest.mark.parametrize(
    "url",
    [
        "http://live.example/the-key",
        "rtmps://live.example",
        "rtmps:///the-key",
        "rtmps://live.example:port/the-key",
        "rtmps://live.example/the key",
        "rtmp://live.example/app/the-key|[f=null]-",
        "rtmp://live.example/app/the-key\n",
    ],
)
def test_what_is_not_a_target_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        PushTarget(url, CA_FILE)
    assert "key" not in str(refused.value).replace("KEY", "")


def test_setup_and_units_survive_the_link() -> None:
    unit = AccessUnit(b"\0\0\1\x65", keyframe=True, captured_us=1_790_000_000_000_000)
    setup, sent = Unpacker().feed(pack_setup(PushTarget(SECRET, CA_FILE), STREAM) + pack_unit(unit))
    assert unpack_setup(setup.payload) == (PushTarget(SECRET, CA_FILE), STREAM)
    assert (sent.flags, sent.captured_us, sent.payload) == (KEYFRAME, unit.captured_us, unit.data)


@given(st.lists(st.tuples(st.sampled_from(["tcp", "tls", "rtmp", "tee", "rtsp"]), st.text())))
def test_no_reason_tells_a_secret(log: list[tuple[str, str]]) -> None:
    target = PushTarget(SECRET, CA_FILE)
    leaking = [(16, layer, f"{words} {SECRET} the-key") for layer, words in log]
    told = describe_failure(FFmpegError(5, "Input/output error", SECRET), leaking, target)
    assert told == "the server refused the stream"


def test_the_reason_is_the_layers_own() -> None:
    target = PushTarget(SECRET, CA_FILE)
    log = [
        (16, "tcp", "Connection to tcp://live.example:1936?tcp_nodelay=0 failed: refused\n"),
        (16, "tee", f"Slave '{SECRET}': error opening\n"),
    ]
    told = describe_failure(Refused(111, "Connection refused", SECRET), log, target)
    assert told == "Connection to tcp://live.example:1936 failed: refused"
    assert (
        describe_failure(Refused(111, "Connection refused", SECRET), [], target)
        == "connection refused"
    )
    closed = describe_failure(BrokenPipe(32, "Broken pipe", SECRET), [], target)
    assert closed == "the server closed the connection"


class Child:
    """Stands in for a child: its server takes the stream for `lasts` seconds, or not at all."""

    lasts = 0.0
    began: list[float]

    def __init__(self, _: PushTarget, __: StreamFormat, on_connected: Callable[[], None]) -> None:
        self.connected_at: float | None = None
        self._on_connected = on_connected
        self._killed = asyncio.Event()

    def kill(self) -> None:
        self._killed.set()

    async def run(self) -> str:
        loop = asyncio.get_running_loop()
        self.began.append(loop.time())
        if self.lasts:
            self.connected_at = loop.time()
            self._on_connected()
            try:
                async with asyncio.timeout(self.lasts):
                    await self._killed.wait()
            except TimeoutError:
                return "the server is gone"
        return "no server"


async def live(seconds: float, lasts: float) -> tuple[list[float], Push, Hub]:
    """Push to such a server for `seconds`; return when each try began."""
    began: list[float] = []
    Child.began, Child.lasts = began, lasts
    hub = Hub(now_us=lambda: 0, on_demand=lambda _: None)
    push = Push(
        PushTarget(SECRET, CA_FILE),
        hub,
        request_keyframe=lambda: None,
        on_change=lambda: None,
        rng=random.Random(3),
    )
    push.set_format(STREAM)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(push.run())
        await asyncio.sleep(100)
        assert not began, "the gate is shut"
        assert hub.demand == Demand(h264=1)
        hub.show(State.LIVE)
        await asyncio.sleep(seconds)
        if lasts:
            hub.show(State.PRIVATE)
            assert push.status.phase is PushPhase.SHUT
            tried = len(began)
            await asyncio.sleep(1000)
            assert len(began) == tried
        running.cancel()
    assert hub.demand == Demand()
    return began, push, hub


def test_a_server_that_refuses_is_asked_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "PushProcess", Child)

    async def scenario() -> None:
        began, push, _ = await live(3600, lasts=0)
        pauses = [late - early for early, late in itertools.pairwise(began)]
        assert all(1 <= pause <= 60.01 for pause in pauses)
        assert pauses[0] <= 2
        assert min(pauses[6:]) >= 30
        assert push.status.reason is None  # it was ended in the end

    run_virtual(scenario())


def test_a_server_that_was_well_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "PushProcess", Child)

    async def scenario() -> None:
        lasts = HEALTHY_S + 1
        began, _, _ = await live(3600, lasts=lasts)
        pauses = [late - early - lasts for early, late in itertools.pairwise(began)]
        assert len(pauses) > 50
        assert max(pauses) <= 2.1

    run_virtual(scenario())


def test_a_gate_that_shut_for_an_instant_is_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(push_module, "PushProcess", Child)

    async def scenario() -> None:
        Child.began, Child.lasts = [], 1000.0
        hub = Hub(now_us=lambda: 0, on_demand=lambda _: None)
        target, rng = PushTarget(SECRET, CA_FILE), random.Random(3)
        push = Push(target, hub, request_keyframe=lambda: None, on_change=lambda: None, rng=rng)
        push.set_format(STREAM)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(push.run())
            hub.show(State.LIVE)
            await asyncio.sleep(10)
            hub.show(State.FAULT)
            hub.show(State.LIVE)
            await asyncio.sleep(0.1)
            assert push.status.phase is PushPhase.STREAMING
            assert len(Child.began) == 2
            running.cancel()

    run_virtual(scenario())
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_without_settings_nothing_is_pushed() -> None:
    assert read_push_target(Config().push) is None


def test_the_url_comes_from_a_file_that_only_we_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "push-url"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    target = read_push_target(PushSettings(url_file=file, ca_file=CA_FILE))
    assert target == PushTarget(SECRET, CA_FILE)
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_push_target(PushSettings(url_file=file))
    # systemd's own credentials show the mask of their ACL as the group's bits.
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(file, "the push's URL") == SECRET


def test_a_wrong_file_is_reported_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / "push-url"
    file.write_text("https://live.example/the-key")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="rtmps") as refused:
        read_push_target(PushSettings(url_file=file))
    assert "the-key" not in str(refused.value)


def test_tls_has_authorities_without_being_told(tmp_path: Path) -> None:
    target = read_push_target(PushSettings(url="rtmps://live.example/app/kitchen"))
    assert target is not None
    assert target.ca_file.name.endswith((".crt", ".pem"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("url = 'http://x.example/a'", "push: a push goes to one of rtmps, rtmp, rtsps, rtsp"),
        ("url = 'rtmp://a:b@x.example/a'", "belongs in a url_file"),
        ("url = 'rtmp://x.example/a?key=b'", "belongs in a url_file"),
        ("url = 'rtmp://x.example/a'\nurl_file = '/x'", "set one of them"),
        ("ca_file = '/x'", "ca_file belongs to url or url_file"),
    ],
)
def test_a_mistake_is_reported_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "likelight.toml"
    path.write_text(f"[push]\n{text}\n")
    with pytest.raises(ConfigError) as error:
        read_config(path)
    assert told in str(error.value)
