"""The player's modules over HTTP: always revalidated, seldom sent again."""

import hashlib
import re
from pathlib import Path

import aiohttp

import likelight.feed.player
from support.feed import kitchen

FOLDER = Path(likelight.feed.player.__file__).parent


async def test_the_player_is_a_module_that_is_checked_but_not_sent_twice() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        url = f"{place.url}/player/player.js"
        async with session.get(url) as reply:
            assert reply.status == 200
            assert reply.content_type == "text/javascript"
            assert reply.headers["Cache-Control"] == "no-cache"
            assert "export class Player" in await reply.text()
            etag = reply.headers["ETag"]
        async with session.get(url, headers={"If-None-Match": etag}) as again:
            assert again.status == 304
            assert again.headers["ETag"] == etag
        async with session.get(url, headers={"If-None-Match": '"other"'}) as other:
            assert other.status == 200


async def test_every_module_that_the_player_imports_is_served() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        waiting, seen = ["player.js"], set[str]()
        while waiting:
            name = waiting.pop()
            async with session.get(f"{place.url}/player/{name}") as reply:
                assert reply.status == 200, name
                assert reply.content_type == "text/javascript"
                text = await reply.text()
            seen.add(name)
            found = re.findall(r"""(?:from|import\()\s*"\./([^"]+)""", text)
            if name != "vendor/hls.js":
                waiting += [other for other in found if other not in seen]
        async with session.get(f"{place.url}/player/README.md") as reply:
            assert reply.status == 404
    assert seen == {path.name for path in FOLDER.glob("*.js")} | {"vendor/hls.js"}


async def test_hls_js_is_what_its_readme_says() -> None:
    readme = (FOLDER / "vendor" / "README.md").read_text()
    (digest,) = re.findall(r"sha256 +([0-9a-f]{64})", readme)
    file = (FOLDER / "vendor" / "hls.light.min.mjs").read_bytes()
    assert hashlib.sha256(file).hexdigest() == digest
    assert f"{len(file):,} bytes" in readme
    async with kitchen() as place, aiohttp.ClientSession() as session:
        async with session.get(f"{place.url}/player/vendor/hls.js") as reply:
            assert await reply.read() == file
