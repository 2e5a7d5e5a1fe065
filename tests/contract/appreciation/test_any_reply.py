"""Whatever a cloud replies: the device takes it, or says that no cloud is there; it lives on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likelight.appreciation.sync.client import CloudError
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.like_totals import Arrival
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import CameraReport, Events, Health, State, Status, StatusReply
from support.strange import STRANGE, changed, paths, replaced, wire
from support.virtual import run_virtual

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DESIRED = {
    "version": 1,
    "mode": "on",
    "schedule": {"friday": "11:00-23:00"},
    "catalogue": "etag",
    "pace_ms": 1000,
    "rotate": False,
}
EVENTS = {
    "cursor": "c1",
    "epoch": "k7Qe",
    "server_time": "2026-11-21T12:00:00Z",
    "likes": {
        "total": 5,
        "delta": 2,
        "since": "2026-11-21T11:00:00Z",
        "rate": 2.5,
        "by_source": {"page": 2},
    },
    "notes": [
        {
            "seq": 1,
            "id": "01JD",
            "code": "heroes",
            "created_at": "2026-11-21T11:00:00Z",
            "expires_at": "2026-11-21T23:00:00Z",
            "source": "page",
        }
    ],
    "more": False,
    "dropped_notes": 1,
    "viewers": {"band": "30-49", "watching": True},
    "desired": DESIRED,
    "next": {"wait": 25, "not_before_ms": 0},
}
REPLY = {"desired": DESIRED, "server_time": "2026-11-21T12:00:00Z"}
STATUS = Status(
    boot_id="b",
    n=1,
    sent_at=NOON,
    simulated=True,
    camera=CameraReport(state=State.LIVE, since=NOON),
    health=Health(sw="0"),
)


class NoLamp:
    """A lamp that is asked and stays dark."""

    def likes(self, delta: int, total: int) -> None: ...

    def welcome_back(self, delta: int, total: int) -> None: ...


class Line:
    """A device's client and inbox, and a cloud that answers them with `status` and `body`."""

    def __init__(self, cloud: HttpCloud, store: DeviceStore, served: dict[str, Any]) -> None:
        self._cloud = cloud
        self._store = store
        self._served = served
        self.words: list[str] = []
        """What the log would say of each failure."""
        self.inbox = Inbox(
            store,
            NoLamp(),
            now=lambda: NOON,
            on_desired=lambda _: None,
            on_viewers=lambda _: None,
            on_events=lambda: None,
            on_receipt=lambda: None,
        )

    async def hear(self, **served: Any) -> bool:
        """Ask both questions, and take in what comes; return whether the events were right."""
        self._served.update({"status": 200, "type": "application/json"} | served)
        try:
            self.inbox.apply_desired((await self._cloud.status(STATUS)).desired)
        except CloudError as error:
            self.words.append(str(error))
        try:
            events = await self._cloud.events(self.inbox.cursor, 0, 0)
        except CloudError as error:
            self.words.append(str(error))
            return False
        for arrival in Arrival:
            await self.inbox.receive(events, arrival)
            await self._store.sync_state()
        return True


@asynccontextmanager
async def line(path: Path) -> AsyncIterator[Line]:
    served: dict[str, Any] = {}

    async def answer(_: web.Request) -> web.Response:
        headers = {"Content-Type": served["type"], "Retry-After": "1"}
        return web.Response(status=served["status"], body=served["body"], headers=headers)

    app = web.Application()
    app.router.add_get("/v1/kitchens/demo/events", answer)
    app.router.add_post("/v1/kitchens/demo/status", answer)
    store = DeviceStore(path, kitchen="demo", now=lambda: NOON)
    await store.open()
    try:
        async with (
            TestServer(app) as server,
            HttpCloud(str(server.make_url("/")), "demo", "token") as cloud,
        ):
            device = Line(cloud, store, served)
            yield device
        assert [words for words in device.words if not words.isprintable()] == []
    finally:
        await store.close()


def test_the_samples_hold_every_field_of_the_contract() -> None:
    events, reply = Events.model_validate(EVENTS), StatusReply.model_validate(REPLY)
    assert set(paths(events.model_dump(mode="json"))) == set(paths(EVENTS))
    assert set(paths(reply.model_dump(mode="json"))) == set(paths(REPLY))


async def test_each_field_with_each_strange_value_is_taken_or_an_outage(tmp_path: Path) -> None:
    async with line(tmp_path / "device.db") as device:
        heard = set()
        for sample in (EVENTS, REPLY):
            for path in paths(sample):
                for value in STRANGE:
                    heard.add(await device.hear(body=wire(replaced(sample, path, value))))
        assert heard == {True, False}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.one_of(changed(EVENTS), changed(REPLY)).map(wire)
            | st.binary(max_size=80)
            | st.sampled_from([b"[" * 8000, b'{"a":' * 9000, b"", b"\xef\xbb\xbf{}"]),
            st.sampled_from([200, 200, 200, 204, 302, 400, 401, 404, 409, 410, 422, 429, 503, 511]),
            st.sampled_from(["application/json", "application/problem+json", "text/html", ";;,"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_reply_is_taken_or_a_cloud_error(
    tmp_path: Path, replies: list[tuple[bytes, int, str]]
) -> None:
    async def scenario() -> None:
        async with line(tmp_path / "device.db") as device:
            for body, status, content_type in replies:
                await device.hear(body=body, status=status, type=content_type)

    asyncio.run(scenario())


def test_a_like_of_2_to_the_53_in_each_of_a_thousand_epochs_does_not_overflow(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with line(tmp_path / "device.db") as device:
            for epoch in range(1030):
                for total in (0, 2**53 - 1):
                    likes = {"total": total, "delta": 0}
                    body = {**EVENTS, "epoch": f"e{epoch}", "likes": likes, "notes": []}
                    device.inbox.apply_desired(StatusReply.model_validate(REPLY).desired)
                    await device.inbox.receive(Events.model_validate(body), Arrival.ORDINARY)
            assert device.inbox.totals.day_likes <= 2**53 - 1

    # Commits keep a pace of one a second, so in real time it would take half an hour.
    run_virtual(scenario())
