"""What a link to a kitchen's page brings with it: tags, a drawn card, oEmbed."""

import html
import io
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image, ImageChops

from likelight.assets.typeface import shaping_available
from likelight_cloud.page.card_drawing import draw_card
from likelight_cloud.page.languages import RTL, WORDS
from support.cloud_server import cloud_server

PUBLIC = "https://kitchens.example"
BRAND = "https://www.example.com"


def tags(text: str) -> dict[str, str]:
    """Return the og: and twitter: tags of a page by name."""
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="(.*?)">', text)
    return {name: html.unescape(content) for name, content in found}


def text_of(card: bytes, *, rtl: bool) -> tuple[int, int, int, int] | None:
    """Return the box around all that is written on a card, None where nothing is."""
    written = Image.open(io.BytesIO(card)).convert("RGB")
    bare = Image.open(io.BytesIO(draw_card("", "", "", rtl=rtl))).convert("RGB")
    # The two have palettes of their own, so that the same light differs by a little.
    differs = ImageChops.difference(written, bare).convert("L").point(lambda by: 255 * (by > 60))
    return differs.getbbox()


async def test_a_link_has_a_name_an_address_and_a_card_that_are_those_of_the_public_url(
    tmp_path: Path,
) -> None:
    async with (
        cloud_server(tmp_path / "cloud.sqlite", public_url=PUBLIC) as served,
        aiohttp.ClientSession(served.public) as client,
    ):
        text = await (await client.get("/k/demo?lang=de")).text()
        found = tags(text)
        assert found["og:title"] == found["twitter:title"] == "The demo kitchen"
        assert found["og:description"] == found["twitter:description"] == WORDS["de"]["description"]
        assert found["og:url"] == f"{PUBLIC}/k/demo"
        assert found["og:image"] == found["twitter:image"] == f"{PUBLIC}/k/demo/card.png?lang=de"
        assert found["twitter:card"] == "summary_large_image"
        assert f'<link rel="canonical" href="{PUBLIC}/k/demo">' in text
        assert f'data-url="{PUBLIC}/k/demo"' in text
        assert "og:" not in await (await client.get("/k/demo/here")).text()

        reply = await client.get(found["og:image"].removeprefix(PUBLIC))
        assert reply.content_type == "image/png"
        assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert reply.headers["Cache-Control"] == "public, max-age=3600"
        card = await reply.read()
        size = (int(found["og:image:width"]), int(found["og:image:height"]))
        assert Image.open(io.BytesIO(card)).size == size == (1200, 630)
        again = {"If-None-Match": reply.headers["ETag"]}
        same = await client.get("/k/demo/card.png?lang=de", headers=again)
        assert same.status == 304
        assert (await client.get("/k/nobody/card.png")).status == 404


async def test_without_a_public_url_no_host_is_guessed(tmp_path: Path) -> None:
    async with (
        cloud_server(tmp_path / "cloud.sqlite") as served,
        aiohttp.ClientSession(served.public) as client,
    ):
        text = await (await client.get("/k/demo")).text()
        assert "og:title" in tags(text)
        assert not {"og:url", "og:image", "twitter:image"} & tags(text).keys()
        assert "oembed" not in text
        asked = await client.get("/oembed", params={"url": f"{served.public}/k/demo"})
        assert asked.status == 404
        assert "--public-url of the cloud, web.public_urls" in (await asked.json())["detail"]


@pytest.mark.parametrize("lang", WORDS)
def test_a_card_has_the_name_and_the_words_of_every_language(lang: str) -> None:
    words, rtl = WORDS[lang], lang in RTL
    if rtl and not shaping_available():
        pytest.skip("Arabic letters join with libfribidi0 only")
    card = draw_card("Pizza & Co.", words["title"], words["description"], rtl=rtl)
    assert len(card) <= 100_000
    lead_only = draw_card("", "", words["description"], rtl=rtl)
    whole, lead = text_of(card, rtl=rtl), text_of(lead_only, rtl=rtl)
    assert whole is not None
    assert lead is not None, "the fonts have all its letters"
    assert whole[3] - whole[1] > lead[3] - lead[1]
    left, right = (530, 1130) if rtl else (70, 730)
    assert left <= whole[0] < whole[2] <= right, "beside the lamp"


def test_a_name_that_the_fonts_cannot_write_gives_way_to_words() -> None:
    words = WORDS["en"]["title"]
    assert draw_card("부엌", words, "", rtl=False) == draw_card(words, "", "", rtl=False)
    endless = "x" * 60
    assert draw_card(endless, words, "", rtl=False) == draw_card(words, "", "", rtl=False)


async def test_a_program_is_told_how_to_show_a_kitchen_in_another_page(tmp_path: Path) -> None:
    async with (
        cloud_server(tmp_path / "c.sqlite", public_url=PUBLIC, embed_origins=(BRAND,)) as served,
        aiohttp.ClientSession(served.public) as client,
    ):
        text = await (await client.get("/k/demo")).text()
        linked = re.search(r'type="application/json\+oembed" href="(.*?)"', text)
        assert linked is not None
        reply = await client.get(html.unescape(linked[1]).removeprefix(PUBLIC))
        assert reply.content_type == "application/json"
        told: dict[str, Any] = await reply.json()
        frame = told.pop("html")
        assert told == {
            "version": "1.0",
            "type": "rich",
            "title": "The demo kitchen",
            "provider_name": "likelight",
            "provider_url": PUBLIC,
            "cache_age": 3600,
            "thumbnail_url": f"{PUBLIC}/k/demo/card.png?lang=en",
            "thumbnail_width": 1200,
            "thumbnail_height": 630,
            "width": 480,
            "height": 720,
        }
        assert frame.startswith(f'<iframe src="{PUBLIC}/embed/demo" title="The demo kitchen" ')

        async def asked(**query: str) -> aiohttp.ClientResponse:
            return await client.get("/oembed", params={"url": f"{PUBLIC}/k/demo", **query})

        small = await (await asked(maxwidth="320", maxheight="400")).json()
        assert (small["width"], small["height"]) == (320, 400)
        assert 'width="320" height="400"' in small["html"]
        assert "thumbnail_url" not in small, "it is larger than that"
        assert (await asked(format="xml")).status == 501
        assert (await asked(maxwidth="wide")).status == 400
        for url in ("", "https://other.example/k/demo", f"{PUBLIC}/k/nobody", f"{PUBLIC}/k/a/b"):
            refused = await asked(url=url)
            assert refused.status == 404, url
            assert url.startswith(PUBLIC) or f"{PUBLIC}/k/KITCHEN" in await refused.text()


async def test_where_nobody_may_frame_a_page_oembed_offers_a_link_only(tmp_path: Path) -> None:
    async with (
        cloud_server(tmp_path / "cloud.sqlite", public_url=PUBLIC) as served,
        aiohttp.ClientSession(served.public) as client,
    ):
        told = await (await client.get("/oembed", params={"url": f"{PUBLIC}/k/demo"})).json()
        assert told["type"] == "link"
        assert "html" not in told


async def test_a_card_that_many_others_wait_for_is_asked_for_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight_cloud.page.sharing._DRAWN_WITHIN_S", 0.0)
    async with (
        cloud_server(tmp_path / "cloud.sqlite", public_url=PUBLIC) as served,
        aiohttp.ClientSession(served.public) as client,
        client.get("/k/demo/card.png") as reply,
    ):
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
