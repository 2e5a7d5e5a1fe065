"""When a camera child that gives no sign is reported, and when it is given up: to the instant."""

import asyncio
from collections.abc import Awaitable, Callable

from likelight_hw.camera.child_state import ChildState
from likelight_hw.camera.dispatch import PacketDispatch
from likelight_hw.camera.requests import CameraRequests
from likelight_hw.camera.status import StatusReporter
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.camera.watchdog import Watchdog
from likelight_hw.camera.wire import CameraMessage, pack_alive, pack_format
from likelight_hw.child.link import ChildLink
from likelight_hw.child.packets import pack
from likelight_hw.ports import CameraPhase, CameraStatus, StreamFormat
from support.camera import Recorder
from support.virtual import run_virtual

Body = Callable[["Watched"], Awaitable[None]]
Outcome = tuple[float, str | None, list[tuple[float, CameraPhase]]]
"""After how many seconds the child is given up, with which code, and what was reported before."""


class Timeline(Recorder):
    """Keeps each status with the second of the test at which it came."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.get_running_loop().time()
        self.times: list[tuple[float, CameraPhase]] = []

    def on_status(self, status: CameraStatus) -> None:
        self.times.append((self.seconds(), status.phase))

    def seconds(self) -> float:
        """Return how long the test has run; the virtual clock is exact to nanoseconds."""
        return round(asyncio.get_running_loop().time() - self.began, 6)


class Watched:
    """A child that says what the test lets it say, and the watchdog that it has."""

    def __init__(self) -> None:
        self.sink = Timeline()
        self.requests = CameraRequests()
        self.child = ChildState(self.sink.began)
        self.status = StatusReporter()
        self.status.report_to(self.sink)
        dispatch = PacketDispatch(self.child, self.requests, self.status, self.sink)
        self.link = self.child.link = ChildLink(dispatch.on_packet, self.child.changed.set)
        self.requests.connect(self.child)

    def says(self, packet: bytes) -> None:
        self.link.data_received(packet)

    def answers(self) -> None:
        self.says(pack_alive(self.requests.desired.ping))

    def streams(self) -> None:
        """Be ready, be asked to start, answer, and name the stream."""
        self.says(pack(CameraMessage.READY))
        self.requests.start()
        self.child.note_request(asyncio.get_running_loop().time())
        self.answers()
        form = StreamFormat(640, 360, 30, simulated=True)
        self.says(pack_format(form, self.requests.desired.stream))

    def gives_a_picture(self) -> None:
        self.says(pack(CameraMessage.ACCESS_UNIT, b"picture"))


def given_up(body: Body) -> Outcome:
    """Let the child do `body`, and then nothing, until it is given up."""
    outcome: list[Outcome] = []

    async def scenario() -> None:
        watched = Watched()
        times = CameraTimeouts()
        dog = Watchdog(watched.child, watched.requests, watched.status, times)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(dog.watch(watched.link))
            group.create_task(_run(body, watched))
        verdict = watching.result()
        assert verdict is not None
        assert verdict.phase is CameraPhase.FAILED
        outcome.append((watched.sink.seconds(), verdict.code, watched.sink.times[1:]))

    run_virtual(scenario())
    return outcome[0]


async def _run(body: Body, watched: Watched) -> None:
    await body(watched)


def test_a_process_that_is_not_ready_has_8_s() -> None:
    async def body(_: Watched) -> None: ...

    assert given_up(body) == (8.0, "K4", [])


def test_a_source_that_was_lost_has_8_s_from_then() -> None:
    async def body(child: Watched) -> None:
        child.says(pack(CameraMessage.READY))
        await asyncio.sleep(0.5)
        child.says(pack(CameraMessage.TROUBLE, b"unplugged"))

    assert given_up(body) == (
        8.5,
        "K4",
        [(0.5, CameraPhase.FAILED)],
    )


def test_a_start_without_a_picture_has_4_s() -> None:
    async def body(child: Watched) -> None:
        child.streams()

    assert given_up(body) == (4.0, "K4", [])


def test_pictures_that_cease_are_reported_after_1_s_and_missed_for_good_after_2_s() -> None:
    async def body(child: Watched) -> None:
        child.streams()
        for _ in range(30):
            await asyncio.sleep(0.1)
            child.gives_a_picture()

    seconds, code, times = given_up(body)
    assert (seconds, code) == (5.0, "K1")
    assert times == [(0.1, CameraPhase.STREAMING), (4.0, CameraPhase.SILENT)]


def test_a_picture_that_comes_late_ends_the_silence() -> None:
    async def body(child: Watched) -> None:
        child.streams()
        child.gives_a_picture()
        await asyncio.sleep(1.9)
        child.gives_a_picture()

    seconds, _, times = given_up(body)
    assert seconds == 3.9
    streaming, silent = CameraPhase.STREAMING, CameraPhase.SILENT
    assert times == [(0.0, streaming), (1.0, silent), (1.9, streaming), (2.9, silent)]


def test_a_child_that_freezes_when_it_is_asked_to_start_is_not_given_the_4_s() -> None:
    async def body(child: Watched) -> None:
        child.says(pack(CameraMessage.READY))
        child.requests.start()
        child.child.note_request(child.sink.began)

    assert given_up(body) == (2.0, "K1", [(1.0, CameraPhase.SILENT)])


def test_a_child_at_rest_is_asked_every_0_7_s_and_reported_1_s_later() -> None:
    async def body(child: Watched) -> None:
        child.says(pack(CameraMessage.READY))
        for _ in range(10):
            await asyncio.sleep(0.7)
            child.answers()

    seconds, code, times = given_up(body)
    assert (seconds, code) == (7.0 + 0.7 + 2.0, "K1")
    assert times == [(7.0 + 0.7 + 1.0, CameraPhase.SILENT)]


def test_a_late_answer_of_a_child_at_rest_ends_the_silence() -> None:
    async def body(child: Watched) -> None:
        child.says(pack(CameraMessage.READY))
        await asyncio.sleep(0.7 + 1.5)
        child.answers()

    _, _, times = given_up(body)
    assert times[:2] == [(1.7, CameraPhase.SILENT), (2.2, CameraPhase.STOPPED)]


def test_a_driver_that_does_not_stop_has_2_s() -> None:
    async def body(child: Watched) -> None:
        child.streams()
        child.gives_a_picture()
        await asyncio.sleep(0.5)
        child.requests.stop()
        child.child.note_request(asyncio.get_running_loop().time())

    assert given_up(body) == (2.5, "K1", [(0.0, CameraPhase.STREAMING)])


def test_a_start_does_not_give_a_frozen_child_new_time() -> None:
    async def body(child: Watched) -> None:
        child.says(pack(CameraMessage.READY))
        await asyncio.sleep(1.2)
        child.requests.start()
        child.child.note_request(asyncio.get_running_loop().time())

    assert given_up(body) == (2.7, "K1", [(1.7, CameraPhase.SILENT)])
