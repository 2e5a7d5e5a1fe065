"""The camera child's loop: what it does with requests that come faster than it reads them."""

import socket

import pytest

from likelight_hw.camera import child, drivers
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.parent import DaemonGone, Parent
from likelight_hw.camera.wire import DesiredState, pack_desired_state, pack_setup


class Pipeline:
    """Notes what is asked of it, as if its sensor were slow to start."""

    width, height, fps = 320, 180, 30

    def __init__(self, parent: Parent, daemon: socket.socket) -> None:
        self.asked: list[str] = []
        self._parent = parent
        self._daemon = daemon

    def open(self, stream: int) -> None:
        self.asked.append(f"open {stream}")
        if stream == 1:
            self._daemon.sendall(
                pack_desired_state(DesiredState(stream=0))
                + pack_desired_state(DesiredState(stream=2))
            )
        else:
            self._daemon.recv(65536)  # what is not read would make a reset of the end
            self._daemon.close()

    def close(self) -> None:
        self.asked.append("close")

    def wait(self, stream: int) -> bool:
        self._parent.wait(None)
        return self._parent.desired.stream == stream

    def take(self) -> None: ...


def test_a_stop_and_a_start_seen_together_stop_the_sensor_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    daemon, link = socket.socketpair()
    with daemon, link:
        parent = Parent(link)
        pipeline = Pipeline(parent, daemon)
        monkeypatch.setattr(drivers, "open_pipeline", lambda *_: pipeline)
        daemon.sendall(pack_desired_state(DesiredState(stream=1)))
        with pytest.raises(DaemonGone):
            child._try_source(parent, CameraConfig(), ())
    assert pipeline.asked == ["open 1", "close", "open 2"]


def test_the_end_of_the_daemon_is_no_failure_of_a_driver(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    daemon, link = socket.socketpair()
    monkeypatch.setattr(drivers, "open_pipeline", lambda _, parent: Pipeline(parent, daemon))
    with daemon, link:
        daemon.sendall(pack_setup(CameraConfig(), ()) + pack_desired_state(DesiredState(stream=2)))
        child.serve(link)
    assert not caplog.messages
