"""A device without a token asks a real cloud for a code, over HTTP, in virtual time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from likelight.appreciation.sync.client import FailureKind
from likelight.config.secret import read_token
from likelight.config.settings import CloudSettings, Config, KitchenSettings
from likelight.contract.enrolment import user_code_of
from likelight.daemon.code_pairing import CodePairing
from likelight.runtime.http_session import Trust
from likelight_cloud.api.device import pairing as pairing_api
from likelight_cloud.store.base import Store
from likelight_cloud.store.pairing import Pairing
from likelight_cloud.trust.device import hashed
from support.cloud import KID, NOON
from support.cloud_server import ServedCloud, cloud_server
from support.serving import serving
from support.virtual import run_virtual, virtual_now
from support.waiting import WITHIN_S


@dataclass
class Front:
    """What a device that asks has shown, and its files."""

    config: Config
    codes: list[str] = field(default_factory=list)
    code: str | None = None
    refused: bool = False
    failures: list[FailureKind | None] = field(default_factory=list)
    kitchens: list[str] = field(default_factory=list)
    paired: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_code(self, code: str | None) -> None:
        self.code = code
        self.codes += [code] if code else []
        self.changed.set()

    def on_refused(self, refused: bool) -> None:
        self.refused = refused
        self.changed.set()

    def on_kitchen(self, kid: str) -> None:
        self.kitchens.append(kid)
        self.changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(4 * 3600):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    async def kept(self) -> str:
        """Return the token once it is in its file."""
        async with asyncio.timeout(WITHIN_S):
            while not await asyncio.to_thread(self.config.token_file.exists):
                await asyncio.sleep(1)
        return await asyncio.to_thread(read_token, self.config.token_file)


Play = Callable[[Front, ServedCloud], Awaitable[None]]


@dataclass
class Stage:
    """Where a device asks a cloud."""

    folder: Path
    kitchen: dict[str, str] = field(default_factory=lambda: {"id": KID})

    def play(self, scenario: Play) -> None:
        """Play `scenario` while the device asks."""

        async def played() -> None:
            now = virtual_now(NOON)
            async with cloud_server(self.folder / "cloud.db", now=now) as site:
                await self.asks(site.public, lambda front: scenario(front, site))

        run_virtual(played())

    async def asks(self, url: str, scenario: Callable[[Front], Awaitable[None]]) -> None:
        """Let a device ask at `url` while `scenario` plays."""
        config = Config(
            kitchen=KitchenSettings(**self.kitchen),
            cloud=CloudSettings(url=url),
            state_dir=self.folder,
        )
        front = Front(config)
        pairing = CodePairing(
            config,
            Trust(),
            front.paired,
            on_code=front.on_code,
            on_refused=front.on_refused,
            on_failure=front.failures.append,
            on_kitchen=front.on_kitchen,
            rng=random.Random(1),
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(pairing.run())
            await scenario(front)
            running.cancel()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def decide(store: Store, front: Front, kid: str | None = KID) -> None:
    """Confirm what the device shows, or refuse it."""
    assert front.code is not None
    decided = await store.decide_pairing(b"op", hashed(user_code_of(front.code)), kid, NOON)
    assert isinstance(decided, Pairing)


def test_the_code_is_shown_until_an_operator_confirms_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(front: Front, site: ServedCloud) -> None:
        asked: list[float] = []

        find = site.cloud.cloud.store.pairing

        async def counted(device_hash: bytes) -> Pairing | None:
            asked.append(asyncio.get_running_loop().time())
            return await find(device_hash)

        monkeypatch.setattr(site.cloud.cloud.store, "pairing", counted)
        monkeypatch.setattr(pairing_api, "over_limit", pytest.fail)
        await front.until(lambda: front.code is not None)
        # Its token is on the disk before anybody has heard of it, and in use only afterwards.
        draft = stage.folder / "token.new"
        assert await asyncio.to_thread(lambda: draft.stat().st_mode & 0o777) == 0o600
        await asyncio.sleep(120)
        assert not front.config.token_file.exists()
        assert 22 <= len(asked) <= 25
        store = site.cloud.cloud.store
        await decide(store, front)
        token = await front.kept()
        assert hashed(token) in await store.token_hashes(KID)
        assert not draft.exists()
        front.paired.set()
        await front.until(lambda: front.code is None)
        assert front.kitchens == []

    stage.play(scenario)


def test_a_code_that_ends_is_replaced_by_a_new_one_of_the_same_token(stage: Stage) -> None:
    async def scenario(front: Front, site: ServedCloud) -> None:
        await front.until(lambda: len(front.codes) == 1)
        began = asyncio.get_running_loop().time()
        draft = read_token(stage.folder / "token.new")
        await front.until(lambda: len(front.codes) == 2)
        assert 890 < asyncio.get_running_loop().time() - began < 920
        assert front.codes[0] != front.codes[1]
        await decide(site.cloud.cloud.store, front)
        assert await front.kept() == draft

    stage.play(scenario)


def test_a_device_that_is_refused_says_so_and_asks_again_later(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(front: Front, site: ServedCloud) -> None:
        await front.until(lambda: front.code is not None)
        await decide(site.cloud.cloud.store, front, None)
        await front.until(lambda: front.refused)
        assert front.code is None
        assert "An operator has refused this device" in caplog.text
        await front.until(lambda: len(front.codes) == 2)
        assert not front.refused

    stage.play(scenario)


def test_a_device_takes_no_other_kitchen_than_its_configuration_names(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.kitchen = {"id": "another"}

    async def scenario(front: Front, site: ServedCloud) -> None:
        await front.until(lambda: front.code is not None)
        store = site.cloud.cloud.store
        await decide(store, front)
        await front.until(lambda: front.refused)
        assert f"as {KID}, and its kitchen.id is another" in caplog.text
        assert not front.config.token_file.exists()
        # With another token, or the cloud would say the same again at once.
        await store.add_kitchen("another", "Another", NOON)
        await front.until(lambda: len(front.codes) == 2)
        await decide(store, front, "another")
        assert hashed(await front.kept()) in await store.token_hashes("another")

    stage.play(scenario)


def test_a_device_whose_configuration_names_no_kitchen_takes_the_operator_s(stage: Stage) -> None:
    stage.kitchen = {}

    async def scenario(front: Front, site: ServedCloud) -> None:
        await front.until(lambda: front.code is not None)
        await decide(site.cloud.cloud.store, front)
        await front.until(lambda: front.kitchens == [KID])
        await front.kept()

    stage.play(scenario)


def test_while_the_cloud_does_not_answer_there_is_no_code(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(front: Front, site: ServedCloud) -> None:
        site.cloud.ready.clear()
        await asyncio.sleep(600)
        assert front.codes == []
        assert caplog.text.count("there is no code to show") == 1
        assert set(front.failures) == {None}, "it answers that it is busy"
        site.cloud.ready.set()
        await front.until(lambda: front.code is not None)
        # A short outage ends no code.
        site.cloud.ready.clear()
        await asyncio.sleep(300)
        site.cloud.ready.set()
        await asyncio.sleep(60)
        assert len(front.codes) == 1
        await decide(site.cloud.cloud.store, front)
        await front.kept()

    stage.play(scenario)


def test_a_log_in_page_gives_no_code(stage: Stage) -> None:
    async def log_in_page(_: web.Request) -> web.Response:
        return web.json_response({"user_code": "K7QF-2MXP"}, status=201)

    async def played() -> None:
        async with serving([web.post("/v1/pairing", log_in_page)]) as url:

            async def scenario(front: Front) -> None:
                await asyncio.sleep(300)
                assert front.codes == []
                assert set(front.failures) == {FailureKind.INTERCEPTED}

            await stage.asks(url, scenario)

    run_virtual(played())


def test_a_line_that_breaks_ends_no_code(stage: Stage) -> None:
    asked: list[str] = []

    async def offer(_: web.Request) -> web.Response:
        codes = {"device_code": "d" * 32, "user_code": "K7QF-2MXP"}
        return web.json_response({**codes, "interval": 5, "expires_in": 900}, status=201)

    async def state(request: web.Request) -> web.Response:
        asked.append(request.path)
        if len(asked) < 4:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"state": "confirmed", "kid": KID, "name": "Store 17"})

    async def played() -> None:
        routes = [web.post("/v1/pairing", offer), web.get("/v1/pairing/{device_code}", state)]
        async with serving(routes) as url:

            async def scenario(front: Front) -> None:
                await front.kept()
                assert front.codes == ["K7QF-2MXP"]
                assert len(asked) == 4

            await stage.asks(url, scenario)

    run_virtual(played())


def test_a_token_is_drawn_once_the_disk_takes_one(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    folder = stage.folder

    async def scenario(front: Front, site: ServedCloud) -> None:
        await asyncio.sleep(10)
        assert front.codes == []
        assert "takes none: No such file or directory" in caplog.text
        await asyncio.to_thread(stage.folder.mkdir)
        await front.until(lambda: front.code is not None)

    async def played() -> None:
        stage.folder = folder / "not-there-yet"
        async with cloud_server(folder / "cloud.db", now=virtual_now(NOON)) as site:
            await stage.asks(site.public, lambda front: scenario(front, site))

    run_virtual(played())
