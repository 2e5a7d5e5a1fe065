"""The presenter over a real driver: a panel is pulled out, costs only itself, and comes back."""

import asyncio
import logging
import random
from pathlib import Path
from typing import cast

import pytest
from PIL import ImageChops

from likelight.appreciation.panel.presenter import Presenter
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.inbox import Inbox
from likelight.assets.catalogue import load
from likelight.contract import State
from support.panel_rigs import LumaRig, rig
from support.waiting import until


class Impatient(random.Random):
    """Chance that makes every back-off short."""

    def uniform(self, a: float, b: float) -> float:
        return 0.01


class NoNotes:
    """An inbox that nobody writes to."""

    waiting = ()
    history = ()


@pytest.mark.parametrize("name", ["ssd1306-i2c", "st7789-spi"])
async def test_a_panel_that_is_pulled_out_is_reported_once_and_shows_what_counts_once_it_is_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    camera = State.LIVE

    def situation() -> Situation:
        return Situation(CloudConnection.CONNECTED, camera, likes_today=3)

    async with rig(name, tmp_path, monkeypatch) as made:
        luma = cast(LumaRig, made)
        presenter = Presenter(
            made.display,
            cast(Inbox, NoNotes()),
            PanelSettings(load("en")),
            situation=situation,
            notes_wait=lambda: False,
            on_note=lambda: None,
            on_panel=lambda _: None,
            rng=Impatient(),
        )
        with caplog.at_level(logging.INFO):
            running = asyncio.ensure_future(presenter.run())
            await until(lambda: presenter.current.screen not in ("blank", "private"))
            before = await made.seen()

            made.fail()
            camera = State.PRIVATE
            presenter.update()
            tries = luma.bus.opened
            await until(lambda: luma.bus.opened >= tries + 5)
            assert presenter.current.screen == "blank"
            assert caplog.text.count("The display shows nothing new: no panel answers") == 1

            made.repair()
            await until(lambda: presenter.current.screen == "private")
            after = await made.seen()
            running.cancel()
            await asyncio.wait([running])
        assert caplog.text.count("The display works again") == 1
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
        assert after.getbbox()
