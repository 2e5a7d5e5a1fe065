"""The doctor's question about the upload, against the real relay and what stands before it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from likelight.appreciation.sync.client import Unreachable
from likelight.contract import State
from likelight.feed.upload.handshake import NotUpgraded
from likelight.fleet.doctor import probes
from likelight.fleet.doctor.probes import CloudAccess, TakenForUpload, ask_upload
from support.cloud import KID, TOKEN
from support.demo import free_port
from support.relay import beside, relay_site, uploading
from support.scripted_relay import scripted_relay
from support.waiting import until


async def ask(base: str, token: str = TOKEN) -> None:
    """Ask as the doctor does, in a thread of its own."""
    await asyncio.to_thread(ask_upload, CloudAccess(base, KID, token))


async def test_the_doctor_s_question_leaves_a_running_upload_alone(tmp_path: Path) -> None:
    async with relay_site(tmp_path / "cloud.db") as site, uploading(site.base) as device:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await until(lambda: site.relays.hub(KID) is not None and site.hub.state is State.LIVE)
            used = device.socket
            await ask(site.base)
            shown = site.hub.meter.frames
            await until(lambda: site.hub.meter.frames > shown + 3)
            assert device.socket is used


async def test_a_token_that_the_relay_does_not_know_is_refused(tmp_path: Path) -> None:
    async with relay_site(tmp_path / "cloud.db") as site:
        with pytest.raises(NotUpgraded) as caught:
            await ask(site.base, "another")
    assert caught.value.refuses
    assert caught.value.status == 401


@pytest.mark.parametrize("status", [200, 302, 400, 403, 426])
async def test_another_answer_than_an_upgrade_tells_its_status(status: int) -> None:
    answer = web.Response(status=status, text="<h1>No</h1>", headers={"Location": "/"})
    async with scripted_relay(answer) as relay:
        with pytest.raises(NotUpgraded) as caught:
            await ask(relay.url)
    assert not caught.value.refuses
    assert caught.value.status == status


async def test_a_relay_that_takes_the_question_for_an_upload_is_no_good_answer() -> None:
    async with scripted_relay(4409) as relay:
        with pytest.raises(TakenForUpload, match="took the question for an upload"):
            await ask(relay.url)


async def test_a_relay_that_waits_for_pictures_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ANSWERS_WITHIN_S", 1.0)
    async with scripted_relay() as relay:
        with pytest.raises(TakenForUpload):
            await ask(relay.url)
        assert not relay.heard


async def test_a_connection_that_breaks_off_is_no_good_answer() -> None:
    async with scripted_relay(1011) as relay:
        with pytest.raises(Unreachable, match="code 1011"):
            await ask(relay.url)


async def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        await ask(f"http://127.0.0.1:{free_port()}")
