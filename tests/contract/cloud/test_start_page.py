"""`/` of a cloud of its own."""

import re
from pathlib import Path

import aiohttp
import pytest

from likelight_cloud.page.languages import WORDS
from support.cloud import KID, NOON
from support.cloud_server import ServedCloud, cloud_server


async def start(site: ServedCloud, lang: str) -> str:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{site.public}/", params={"lang": lang}) as reply:
            assert (reply.status, reply.content_type) == (200, "text/html")
            assert "Set-Cookie" not in reply.headers
            return await reply.text()


async def test_it_names_no_kitchen_and_speaks_each_language(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.sqlite3") as site:
        for lang, words in WORDS.items():
            text = await start(site, lang)
            assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}">' in text
            assert words["start_hint"].replace("'", "&#39;") in text
            assert f"/k/{KID}" not in text
            assert f'href="/privacy?lang={lang}"' in text


async def test_it_lists_kitchens_by_name_where_the_operator_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cloud_server(tmp_path / "cloud.sqlite3", lists_kitchens=True) as site:
        assert "has its own address" not in await start(site, "en")
        store = site.cloud.cloud.store
        await store.add_kitchen("harbour", "<i>alster & elbe</i>", NOON)
        assert "harbour" not in await start(site, "en"), "nobody makes it read at each request"
        monkeypatch.setattr("likelight_cloud.page.start.LISTED_AGAIN_S", 0.0)
        found = re.findall(r'<a href="(/k/.*?)"><bdi>(.*?)</bdi></a>', await start(site, "de"))
        assert found == [
            ("/k/harbour?lang=de", "&lt;i&gt;alster &amp; elbe&lt;/i&gt;"),
            (f"/k/{KID}?lang=de", "The demo kitchen"),
        ]
