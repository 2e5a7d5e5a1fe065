"""The player's module over HTTP: always checked for news, seldom sent."""

import aiohttp

from support.feed import kitchen


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
