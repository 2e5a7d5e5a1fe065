"""A brand's own notes at the cloud: offered to viewers, and taken from them."""

import asyncio
import json
import random
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from likelight.assets.brand import with_brand
from likelight.assets.catalogue import Notes
from likelight.web.http.server import new_application
from likelight_cloud.cli.main import main
from likelight_cloud.embedded import EmbeddedCloud
from support.cloud import KID, NOON, TOKEN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    brand = tmp_path / "notes"
    brand.mkdir()
    (brand / "_icons.json").write_text(json.dumps({"mother": "house"}))
    (brand / "en.json").write_text(json.dumps({"notes": {"mother": "Like my mother's"}}))
    return brand


@pytest.fixture
def notes(folder: Path) -> Notes:
    return with_brand(folder)


async def test_viewers_read_a_brand_s_note_and_can_send_it(notes: Notes, tmp_path: Path) -> None:
    cloud = EmbeddedCloud(
        tmp_path / "cloud.db", now=lambda: NOON, rng=random.Random(1), notes=notes
    )
    cloud.enrol(KID, "A kitchen", TOKEN)
    app = new_application()
    cloud.mount(app)
    async with TestClient(TestServer(app)) as client, asyncio.TaskGroup() as group:
        running = group.create_task(cloud.run())
        await cloud.ready.wait()
        catalogue = await (await client.get("/v1/catalogue?lang=en")).json()
        posted = await client.post(
            f"/v1/kitchens/{KID}/notes",
            json={"code": "mother"},
            headers={"Idempotency-Key": "one"},
        )
        running.cancel()

    mother = {"code": "mother", "text": "Like my mother's", "icon": "house", "group": "thanks"}
    assert mother in catalogue["notes"]
    assert catalogue["version"] == notes.load("en").version
    assert posted.status == 201


def test_a_mistake_is_reported_at_the_start(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "en.json").write_text(json.dumps({"notes": {"mother": "<b>Mum</b>"}}))

    assert main(["serve", "--catalogue", str(folder)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("likelight-cloud: --catalogue:")
    assert "en.json: mother: has markup" in told
