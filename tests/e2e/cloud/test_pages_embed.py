"""A kitchen's page in a frame of another site, where the browser blocks third-party cookies."""

from pathlib import Path

from aiohttp import web
from playwright.async_api import Request, expect

from support.chromium import chromium, needs_chromium
from support.cloud_server import cloud_server
from support.pages import photograph
from support.serving import serving

pytestmark = needs_chromium

# The setting that a browser's user has: no cookies, and no storage of ours, in another site's page.
NO_THIRD_PARTY_COOKIES = "--test-third-party-cookie-phaseout"


async def _brand(request: web.Request) -> web.Response:
    frame = f'<iframe id="kitchen" src="{request.query["kitchen"]}" width="480" height="700">'
    return web.Response(text=f"<!doctype html><h1>A brand</h1>{frame}", content_type="text/html")


async def test_likes_and_notes_work_where_the_brand_may_frame_the_page_and_no_cookie_is_set(
    tmp_path: Path,
) -> None:
    async with serving([web.get("/", _brand)]) as brand:
        # Another site than the cloud's 127.0.0.1, not only another port of it.
        elsewhere = brand.replace("127.0.0.1", "localhost")
        async with (
            cloud_server(tmp_path / "cloud.sqlite", embed_origins=(elsewhere,)) as served,
            chromium(NO_THIRD_PARTY_COOKIES) as browser,
            await browser.new_context(viewport={"width": 800, "height": 800}) as context,
        ):
            page = await context.new_page()
            sent: list[Request] = []
            page.on("request", lambda request: request.method == "POST" and sent.append(request))
            await page.goto(f"{elsewhere}/?kitchen={served.public}/embed/demo")
            kitchen = page.frame_locator("#kitchen")
            await kitchen.locator("#like").click()
            await expect(kitchen.locator("#total")).to_have_attribute("data-total", "1")
            await kitchen.locator("#like").click()
            await expect(kitchen.locator("#total")).to_have_attribute("data-total", "2")
            await kitchen.locator('[data-code="heroes"]').click()
            await expect(kitchen.locator('#receipt [data-kind="note"]')).to_contain_text("Sent:")
            await photograph(page, "embed")

            written = [r for r in sent if r.url.endswith(("/likes", "/notes"))]
            tokens = [(await r.all_headers())["likelight-viewer"] for r in written]
            assert tokens[0] == ""
            assert len(set(tokens[1:])) == 1, "one viewer, by the token that the first reply gave"
            assert tokens[1].startswith("v1.")
            assert await context.cookies() == []
            assert served.cloud.cloud.like_buckets.known(tokens[1], "demo") is not None

            await page.goto(f"{elsewhere}/?kitchen={served.public}/wall?k=demo")
            wall = page.frame_locator("#kitchen")
            await expect(wall.locator("#what")).to_have_text("No kitchen is open just now.")
            assert await context.cookies() == []

            refusals = ((brand, "embed/demo"), (brand, "wall?k=demo"), (elsewhere, "k/demo"))
            for stranger, path in refusals:
                refused = await context.new_page()
                said: list[str] = []
                refused.on("console", lambda line, said=said: said.append(line.text))
                await refused.goto(f"{stranger}/?kitchen={served.public}/{path}")
                await expect(refused.frame_locator("#kitchen").locator("main")).to_have_count(0)
                assert any("frame-ancestors" in line for line in said), said
