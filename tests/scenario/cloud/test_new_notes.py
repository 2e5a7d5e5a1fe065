"""A catalogue's way from the reference cloud to the crew: rolled out, refused, rolled back."""

import asyncio
from pathlib import Path

import aiohttp

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.assets.catalogue import BUNDLED
from likelight.contract import CatalogueReport
from likelight.daemon.kept_catalogue import KeptCatalogue
from likelight.daemon.kitchen_notes import read_sent
from likelight_hw.wiring import DisplayWiring
from support.catalogues import ask, document, publish
from support.cloud import KID, NOON, TOKEN, serving
from support.device import Device
from support.virtual import run_virtual, virtual_now

HEROES = "You are my pizza-making heroes"
SOON_S = 90.0
"""A held poll, a pause of up to 10 s, and a status."""


def test_notes_are_rolled_out_to_a_kitchen_and_back_by_the_reference_cloud(tmp_path: Path) -> None:
    socket, now = tmp_path / "cloud.sock", virtual_now(NOON)

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)))

    async def scenario() -> None:
        kept = KeptCatalogue(
            tmp_path,
            KID,
            BUNDLED,
            language="en",
            check=lambda content: read_sent(content, "en", DisplayWiring(panel="oled-1.3")),
        )
        async with (
            serving(tmp_path / "cloud.db", now=now, unix=socket) as site,
            HttpCloud("http://cloud", KID, TOKEN, new_session=session) as http,
        ):
            device = Device(tmp_path / "device.db", http, now, kept=kept, source=http)
            store = site.cloud.store

            async def shows() -> CatalogueReport | None:
                record = await store.kitchen(KID)
                assert record is not None
                assert record.report is not None
                return record.report.catalogue

            async with device.living():
                winter = await publish(store, document(code="heroes"), now())
                wide = document({"en": "Donaudampfschifffahrtspizza"}, code="wide")
                summer = await publish(store, wide, now(), "Summer")
                for asked, expected in (
                    (winter, CatalogueReport(running=winter)),
                    (summer, CatalogueReport(running=winter, refused=summer)),
                    (winter, CatalogueReport(running=winter)),
                    (None, CatalogueReport()),
                ):
                    await ask(store, KID, asked)
                    await asyncio.sleep(SOON_S)
                    assert await shows() == expected
                    site.forget_viewer()
                    await site.note("heroes")
                    await asyncio.sleep(3)
                    said = " ".join(device.window.screen.text).replace("- ", "-")
                    assert said == ("Like my mother's" if asked else HEROES)

    run_virtual(scenario())
