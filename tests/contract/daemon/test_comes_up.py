"""Whatever is wrong: the lamp lights, the panel says what to do, the page answers, and it heals."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.appreciation.sync import report
from likelight.appreciation.sync.connection import CloudConnection
from likelight.cli.main import main
from likelight.config.places import CONTROL_SOCKET
from likelight.config.settings import CloudSettings, Config, KitchenSettings, WebSettings
from likelight.config.state_dir import held_if_usable
from likelight.contract import LATEST, DeviceFinding, State
from likelight.contract.enrolment import code_of, new_code
from likelight.daemon import assembly, boot_watch, embedded_cloud, kitchen_notes, token_watch
from likelight.daemon import listener as listener_module
from likelight.daemon import prepare as prepare_module
from likelight.daemon.assembly import assemble
from likelight.daemon.device import Device
from likelight.daemon.listener import device_listener_if_there
from likelight.daemon.prepare import prepare
from likelight.fleet.boot_volume.take import Places, take
from likelight.runtime import supervisor
from likelight.runtime.clock import utc_now
from likelight.web.control.client import call
from likelight.web.control.messages import DoneAnswer, FindingsRequest
from likelight.web.http.server import listen
from likelight_cloud.api.device import pairing as pairing_api
from likelight_cloud.cli.main import main as cloud_main
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from support.cloud import KID, TOKEN, bearer
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S


class Risen:
    """A device that runs, and what it says."""

    def __init__(self, device: Device, url: str) -> None:
        self.device = device
        self.url = url

    @property
    def panel(self) -> str:
        """One page of what the panel says: a small one turns them."""
        return " ".join(self.device.window_in.screen.text)

    async def says(self, words: str) -> None:
        """Wait until the panel says `words`."""
        await self.until(lambda: words in self.panel)

    async def until(self, true: Any) -> None:
        seen = 0
        async with asyncio.timeout(WITHIN_S):
            while not true():
                seen = await self.device.changes.wait_beyond(seen)

    async def reports(self) -> None:
        """Wait until the cloud has taken a status. `until` looks only when the device changes."""
        await asyncio.wait_for(self.device.window_in.reported.wait(), WITHIN_S)

    async def lights_for_a_like(self, page: str) -> None:
        """Like on the page at `page`, and wait until the lamp has shown it."""
        before = self.device.window_in.likes_lit
        async with aiohttp.ClientSession(headers={"Sec-Fetch-Site": "same-origin"}) as session:
            like = {"n": 1, "batch": str(uuid.uuid4())}
            async with session.post(f"{page}/v1/kitchens/{KID}/likes", json=like) as reply:
                assert reply.status == 202
        await self.until(lambda: self.device.window_in.likes_lit > before)

    async def health(self) -> tuple[int, dict[str, Any], int]:
        """Return the status and the body of /healthz, and the status of /readyz."""
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{self.url}/healthz") as well:
                status, body = well.status, await well.json()
            async with session.get(f"{self.url}/readyz") as ready:
                return status, body, ready.status


@asynccontextmanager
async def risen(
    state_dir: Path, *, port: int = 0, kitchen: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[Risen]:
    """Run the device of `settings`, bound to its own port when it is free."""
    if port == 0:
        with listen("127.0.0.1", 0) as free:
            port = free.getsockname()[1]
    web = WebSettings(host="127.0.0.1", port=port)
    config = await asyncio.to_thread(
        lambda: Config(
            kitchen=KitchenSettings(id=KID, **(kitchen or {})),
            state_dir=state_dir,
            web=web,
            **settings,
        )
    )
    bound = await asyncio.to_thread(device_listener_if_there, config.web)
    try:
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, held_if_usable(state_dir))
            prepared = await asyncio.to_thread(prepare, config, bound)
            async with assemble(config, prepared) as device, asyncio.TaskGroup() as group:
                display = device.hardware.display
                assert isinstance(display, SimDisplay)
                display.on_show = device.changes.bump
                running = group.create_task(device.run())
                yield Risen(device, f"http://127.0.0.1:{port}")
                running.cancel()
    finally:
        if bound is not None:
            bound.close()


def write_token(file: Path, text: str) -> None:
    """Write it as a tool does that replaces the file: whole, and readable by its owner only."""
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


@pytest.mark.parametrize("wrong", [None, "", "\n"])
async def test_without_a_token_the_device_lives_and_takes_the_token_when_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str | None
) -> None:
    monkeypatch.setattr(token_watch, "LOOK_AGAIN_S", 0.05)
    token_file = tmp_path / "token"
    if wrong is not None:
        await asyncio.to_thread(write_token, token_file, wrong)
    async with cloud_server(tmp_path / "cloud.sqlite") as cloud:
        settings = CloudSettings(url=cloud.public, token_file=token_file)
        async with risen(tmp_path / "state", cloud=settings) as device:
            await device.says("this code")
            status, body, ready = await device.health()
            assert (status, body["status"], body["reasons"], ready) == (
                200,
                "degraded",
                ["not-paired"],
                503,
            )
            await asyncio.to_thread(write_token, token_file, TOKEN)
            await device.reports()
            await device.lights_for_a_like(cloud.public)
            status, body, ready = await device.health()
            assert (status, body["status"], ready) == (200, "ok", 200)


async def test_a_device_that_is_not_paired_is_once_it_was_given_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_watch, "LOOK_AGAIN_S", 0.05)
    code, token_file = new_code(), tmp_path / "token"
    async with cloud_server(tmp_path / "cloud.sqlite") as cloud:
        await cloud.cloud.cloud.store.put_code(KID, hashed(code_of(code)), LATEST)
        settings = CloudSettings(url=cloud.public, token_file=token_file)
        async with risen(tmp_path / "state", cloud=settings) as device:
            await device.says("this code")
            file = tmp_path / "likelight.toml"
            text = f'[kitchen]\nid = "{KID}"\n[cloud]\nurl = "{cloud.public}"\n'
            text += f'token_file = "{token_file}"\n'
            await asyncio.to_thread(file.write_text, text)
            assert await asyncio.to_thread(main, ["pair", code, "--config", str(file)]) == 0
            await device.reports()
            await device.lights_for_a_like(cloud.public)


async def test_a_device_without_a_token_shows_a_code_and_works_until_it_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_watch, "LOOK_AGAIN_S", 0.05)
    monkeypatch.setattr(pairing_api, "INTERVAL_S", 1)
    database = tmp_path / "cloud.sqlite"

    def operator(*words: str) -> int:
        return cloud_main(["pairing", words[0], "--database", str(database), *words[1:]])

    async with cloud_server(database) as cloud:
        async with risen(tmp_path / "state", cloud=CloudSettings(url=cloud.public)) as device:
            await device.says("this code")
            health = device.device.health()
            assert health.pairing_code is not None
            await device.says(health.pairing_code)
            # Useful meanwhile: the crew is private with one press, and the lamp can be tried.
            privacy = device.device.hardware.privacy
            assert isinstance(privacy, SimButton)
            privacy.press()
            await device.says("Press again to share.")
            privacy.press()
            await device.says(health.pairing_code)
            assert device.device.window_in.lamp.test()
            assert await asyncio.to_thread(operator, "confirm", "0000-0000", KID) == 2
            typed = health.pairing_code.lower().replace("-", " ")
            assert await asyncio.to_thread(operator, "confirm", typed, KID) == 0
            await device.reports()
            assert device.device.health().pairing_code is None
            await device.lights_for_a_like(cloud.public)
            status, body, ready = await device.health()
            assert (status, body["status"], ready) == (200, "ok", 200)


async def test_a_device_that_is_refused_takes_a_new_token_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_watch, "LOOK_AGAIN_S", 0.05)
    token_file = tmp_path / "token"
    await asyncio.to_thread(write_token, token_file, "a-revoked-token")
    async with cloud_server(tmp_path / "cloud.sqlite") as cloud:
        settings = CloudSettings(url=cloud.public, token_file=token_file)
        async with risen(tmp_path / "state", cloud=settings) as device:
            window = device.device.window_in
            await device.until(lambda: window.connection is CloudConnection.REFUSED)
            # By itself it would ask again in 5 to 15 min.
            await asyncio.to_thread(write_token, token_file, TOKEN)
            await device.until(lambda: window.connection is CloudConnection.CONNECTED)
            await device.lights_for_a_like(cloud.public)
            async with aiohttp.ClientSession(cloud.public) as session, asyncio.timeout(WITHIN_S):
                kitchen, view = f"/v1/kitchens/{KID}", {"view": "a-random-view"}
                await (await session.post(f"{kitchen}/watching", json=view)).read()
                while not (await (await session.get(kitchen)).json())["feed"]["arriving"]:
                    await asyncio.sleep(0.05)


async def test_a_new_token_ends_the_one_before_and_one_that_is_refused_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(token_watch, "LOOK_AGAIN_S", 0.05)
    token_file = tmp_path / "token"
    await asyncio.to_thread(write_token, token_file, TOKEN)
    async with cloud_server(tmp_path / "cloud.sqlite") as cloud:
        store = cloud.cloud.cloud.store
        settings = CloudSettings(url=cloud.public, token_file=token_file)
        async with risen(tmp_path / "state", cloud=settings) as device:
            window = device.device.window_in
            await device.until(lambda: window.connection is CloudConnection.CONNECTED)
            await asyncio.to_thread(write_token, token_file, "mistyped")
            async with asyncio.timeout(WITHIN_S):
                # A like ends the poll that is held, and the next one brings the new token.
                while "this device goes on with the one before" not in caplog.text:
                    await device.lights_for_a_like(cloud.public)
            assert window.connection is CloudConnection.CONNECTED
            assert device.device.health().reasons == ()
            await store.add_token(KID, hashed("right"), utc_now())
            await asyncio.to_thread(write_token, token_file, "right")
            async with asyncio.timeout(WITHIN_S):
                while await store.token_hashes(KID) != (hashed("right"),):
                    await device.lights_for_a_like(cloud.public)
            await device.lights_for_a_like(cloud.public)


async def test_a_device_changes_its_token_by_itself_when_the_operator_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_watch, "LOOK_AGAIN_S", 0.05)
    token_file, database = tmp_path / "token", tmp_path / "cloud.sqlite"
    await asyncio.to_thread(write_token, token_file, TOKEN)

    async def poll(page: str, token: str) -> int:
        async with aiohttp.ClientSession(page, headers=bearer(token)) as session:
            async with session.get(f"/v1/kitchens/{KID}/events?wait=0") as reply:
                return reply.status

    async with cloud_server(database) as cloud:
        store = cloud.cloud.cloud.store
        settings = CloudSettings(url=cloud.public, token_file=token_file)
        state = tmp_path / "state"
        async with risen(state, cloud=settings) as device:
            window = device.device.window_in
            await device.reports()
            rotate = ["token", "rotate", KID, "--database", str(database)]
            assert await asyncio.to_thread(cloud_main, rotate) == 0
            async with asyncio.timeout(WITHIN_S):
                while hashed(TOKEN) in await store.token_hashes(KID):
                    await asyncio.sleep(0.05)
            assert await poll(cloud.public, TOKEN) == 401
            await device.lights_for_a_like(cloud.public)
            assert window.connection is CloudConnection.CONNECTED
            assert (await asyncio.to_thread(token_file.read_text)) == TOKEN, "it can't write there"
        async with risen(state, cloud=settings) as device:
            await device.lights_for_a_like(cloud.public)
            # A person brings one after all: it counts from now on, and after a start.
            await store.add_token(KID, hashed("typed"), utc_now())
            await asyncio.to_thread(write_token, token_file, "typed")
            async with asyncio.timeout(WITHIN_S):
                while await store.token_hashes(KID) != (hashed("typed"),):
                    await device.lights_for_a_like(cloud.public)
        async with risen(state, cloud=settings) as device:
            await device.lights_for_a_like(cloud.public)


async def test_a_busy_port_is_waited_for_while_the_rest_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "TRY_AGAIN_S", 0.05)
    with listen("127.0.0.1", 0) as taken:
        async with risen(tmp_path, port=taken.getsockname()[1]) as device:
            await device.says("code N3.")
            assert device.device.health().reasons == ("address",)
            assert device.device.window_in.lamp.trouble == ""
            taken.close()
            await device.reports()
            await device.lights_for_a_like(device.url)
            status, body, ready = await device.health()
            assert (status, body["status"], ready) == (200, "ok", 200)


async def test_a_page_that_fails_again_and_again_ends_neither_lamp_nor_buttons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    tried, failed_often = 0, asyncio.Event()

    def fails(*_: object) -> None:
        nonlocal tried
        tried += 1
        if tried == 5:
            failed_often.set()
        raise OSError("a file of the page is gone")

    monkeypatch.setattr(assembly, "fill_site", fails)
    async with risen(tmp_path) as device, asyncio.timeout(WITHIN_S):
        await failed_often.wait()
        assert "web" in device.device.health().reasons
        privacy = device.device.hardware.privacy
        assert isinstance(privacy, SimButton)
        privacy.press()
        await device.until(lambda: device.device.on_air.state is State.PRIVATE)


async def test_a_cloud_inside_whose_database_is_damaged_begins_anew_and_says_so(
    tmp_path: Path,
) -> None:
    await asyncio.to_thread((tmp_path / "cloud.sqlite").write_bytes, b"once a database" * 1000)
    async with risen(tmp_path) as device:
        await device.says("code D4.")
        status, body, ready = await device.health()
        assert (status, body["reasons"], ready) == (200, ["cloud-store"], 200)
        await device.lights_for_a_like(device.url)
    assert [*tmp_path.glob("cloud.sqlite.damaged-*")]


def spoil_token(file: Path, how: str) -> None:
    match how:
        case "empty":
            write_token(file, "")
        case "readable by others":
            write_token(file, "a-token")
            file.chmod(0o644)
        case "a folder":
            file.mkdir()
            (file / "something").touch()
        case "a link to nothing":
            file.symlink_to(file.parent / "nothing")


@pytest.mark.parametrize("how", ["empty", "readable by others", "a folder", "a link to nothing"])
async def test_a_token_of_its_own_that_can_not_be_used_is_made_anew(
    tmp_path: Path, how: str
) -> None:
    await asyncio.to_thread(spoil_token, tmp_path / "device.token", how)
    async with risen(tmp_path) as device:
        await device.reports()
        await device.lights_for_a_like(device.url)
        assert (await device.health())[1]["status"] == "ok"


@pytest.mark.parametrize("where", ["below a file", "a file"])
async def test_without_a_state_directory_it_lives_in_memory_private_and_says_so(
    tmp_path: Path, where: str
) -> None:
    file = tmp_path / "file"
    await asyncio.to_thread(file.write_text, "not a folder")
    async with risen(file / "state" if where == "below a file" else file) as device:
        await device.says("code S2.")
        assert device.device.on_air.state is State.PRIVATE
        status, body, ready = await device.health()
        assert (status, body["status"], ready) == (200, "degraded", 200)
        assert body["reasons"][:2] == ["state-dir", "store-in-memory"]
        assert "disk-read-only" not in body["reasons"], "nobody needs a new card"
        await device.lights_for_a_like(device.url)
        privacy = device.device.hardware.privacy
        assert isinstance(privacy, SimButton)
        privacy.press()
        await device.until(lambda: device.device.on_air.state is not State.PRIVATE)


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        ({"kitchen": {"catalogue": "/nowhere"}}, "S4", "brand-notes"),
        ({"kitchen": {"language": "ar"}}, "S3", "language"),
        ({"push": {"url_file": "/nowhere"}}, "S5", "push-url"),
        ({"camera": {"driver": "file", "path": "/nowhere.mp4"}}, "K3", "camera"),
    ],
)
async def test_what_the_configuration_names_and_can_not_be_used_is_left_out_and_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    code: str,
    reason: str,
) -> None:
    monkeypatch.setattr(kitchen_notes, "shaping_available", lambda: False)
    async with risen(tmp_path, **settings) as device:
        await device.says(f"code {code}.")
        await device.lights_for_a_like(device.url)
        status, body, ready = await device.health()
        assert (status, body["status"], body["reasons"], ready) == (200, "degraded", [reason], 200)


async def test_each_mistake_in_likelight_txt_is_said_on_the_panel_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_watch, "LOOK_AGAIN_S", 0.05)
    boot, places = tmp_path / "boot", Places(report=tmp_path / "run" / "report.json")
    monkeypatch.setattr(prepare_module, "BOOT_REPORT", places.report)

    def takes(text: str) -> None:
        boot.mkdir(exist_ok=True)
        (boot / "likelight.txt").write_text(text)
        take(boot, replace(places, config=tmp_path / "etc" / "likelight.toml"), {"store": KID})

    await asyncio.to_thread(takes, "name = Harbour\nlangage = de\n")
    async with risen(tmp_path / "state") as device:
        await device.says("Line 2: write")
        await device.lights_for_a_like(device.url)
        _, body, ready = await device.health()
        assert (body["status"], body["reasons"], ready) == ("degraded", ["boot-text"], 200)
        await asyncio.to_thread(takes, "name = Harbour\n")
        await device.until(lambda: not device.device.troubles.present)


async def test_what_is_broken_comes_to_the_cloud_s_operators_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "HEARTBEAT_S", 0.5)
    token_file, wall = tmp_path / "token", tmp_path / "nowhere"
    await asyncio.to_thread(write_token, token_file, "the-device-token")
    bearer = {"Authorization": "Bearer an-operator-s-token"}
    async with cloud_server(tmp_path / "cloud.sqlite") as cloud:
        operator = Operator("kim", Role.READER, hashed("an-operator-s-token"), utc_now())
        await cloud.cloud.cloud.store.operators.add(operator)
        async with (
            risen(
                tmp_path / "state",
                kitchen={"catalogue": wall},
                camera={"driver": "file", "path": wall},
                cloud=CloudSettings(url=cloud.public, token_file=token_file),
            ),
            aiohttp.ClientSession(cloud.public, headers=bearer) as session,
        ):

            async def told() -> Any:
                async with session.get("/v1/fleet/kitchens") as reply:
                    return (await reply.json())["kitchens"][0]

            async with asyncio.timeout(WITHIN_S):
                while (kitchen := await told())["state"] != "fault":
                    pass
                found = (
                    DeviceFinding(id="dns", level="fail"),
                    DeviceFinding(id="brand-notes", level="fail"),
                )
                asked = FindingsRequest(findings=found)
                socket = tmp_path / "state" / CONTROL_SOCKET
                await asyncio.to_thread(call, socket, "POST", "/findings", DoneAnswer, asked)
                while len((later := await told())["findings"]) < 3:
                    pass
    assert [(one["id"], one["level"]) for one in later["findings"]] == [
        ("camera", "fail"),
        ("dns", "fail"),
        ("brand-notes", "warn"),
    ]
    assert [one["id"] for one in kitchen["reasons"]] == ["camera", "brand-notes"]
    assert kitchen["to_do"].startswith("Look whether the camera's cable is firmly in")
    assert (kitchen["camera"], kitchen["lamp"], kitchen["simulated"]) == ("broken", "works", True)
    assert kitchen["disk_free_mb"] > 0


@pytest.mark.parametrize("found", ["none", "a broken one"])
async def test_without_a_cloud_inside_it_is_not_paired_and_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    broken = EntryPoint("broken", "likelight_cloud.no_such_module", embedded_cloud.ENTRY_POINTS)
    there = () if found == "none" else (broken,)
    monkeypatch.setattr(embedded_cloud, "entry_points", lambda group: there)
    async with risen(tmp_path) as device:
        await device.says("code C3.")
        status, body, ready = await device.health()
        assert (status, body["status"], body["reasons"], ready) == (
            200,
            "degraded",
            ["not-paired"],
            503,
        )


async def test_with_no_file_of_authorities_the_device_lives(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    await asyncio.to_thread(write_token, token_file, TOKEN)
    cloud = CloudSettings(
        url="https://cloud.invalid", token_file=token_file, ca_file=tmp_path / "ca.pem"
    )
    async with risen(tmp_path / "state", cloud=cloud) as device:
        status, body, _ = await device.health()
        assert (status, body["status"]) == (200, "ok")
