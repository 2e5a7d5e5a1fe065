"""The bench's page in real Chromium, with hardware that the test moves by hand."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from likelight.contract import State
from likelight.web.bench.routes import BenchLamp
from likelight.web.http.public_site import PublicSite
from support.chromium import needs_chromium
from support.pages import DESKTOP, PHONE, BenchPage, Theme, chromium_page, photograph
from support.serving import serving
from support.stub_bench import StubBench
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

LAPTOP: ViewportSize = {"width": 1024, "height": 768}
WARM = (255, 217, 160)


@pytest_asyncio.fixture(loop_scope="module")
async def hardware() -> StubBench:
    return StubBench()


@pytest_asyncio.fixture(loop_scope="module")
async def cloud() -> StubCloud:
    return StubCloud(PublicSite(embed_origins=("self",)))


@pytest_asyncio.fixture(loop_scope="module")
async def address(hardware: StubBench, cloud: StubCloud) -> AsyncIterator[str]:
    async with serving([*hardware.routes(), *cloud.routes()]) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    async with chromium_page(browser, f"{address}/bench", viewport=DESKTOP) as opened:
        await expect(opened.locator("#likes")).to_have_text("0")
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def bench(page: Page) -> BenchPage:
    return BenchPage(page)


async def test_the_lamp_glows_as_the_hardware_does(hardware: StubBench, bench: BenchPage) -> None:
    await expect(bench.lamp).to_have_attribute("aria-label", "The lamp, 15 %")
    hardware.move(lamp=BenchLamp(level=0.8, rgb=(255, 127, 166)), likes_lit=1204)
    await expect(bench.lamp).to_have_attribute("aria-label", "The lamp, 80 %")
    await expect(bench.page.locator(".light")).to_have_css("opacity", "0.8")
    await expect(bench.page.locator(".light")).to_have_css("fill", "rgb(255, 127, 166)")
    await expect(bench.likes).to_have_text("1,204")


async def test_the_on_air_light_says_more_than_its_colour(
    hardware: StubBench, bench: BenchPage
) -> None:
    await expect(bench.on_air).not_to_have_attribute("data-lit", "")
    hardware.move(on_air=True, camera=State.LIVE)
    await expect(bench.on_air).to_have_attribute("data-lit", "")
    for theme in ("light", "dark"):
        await bench.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await expect(bench.on_air).to_have_css("background-color", "rgb(201, 42, 42)")
        await expect(bench.on_air).to_have_css("color", "rgb(255, 255, 255)")
    await expect(bench.camera).to_have_text("The camera is live.")
    hardware.move(on_air=False, camera=State.PRIVATE)
    await expect(bench.on_air).not_to_have_attribute("data-lit", "")
    await expect(bench.camera).to_have_text("Private: no picture leaves.")


async def test_the_panel_shows_its_newest_pixels(hardware: StubBench, bench: BenchPage) -> None:
    before = await bench.display.get_attribute("src")
    hardware.show("note", "You are heroes")
    await expect(bench.display).to_have_attribute("alt", "The display: You are heroes")
    await expect(bench.display).not_to_have_attribute("src", before or "")
    size: Any = await bench.display.evaluate(
        "(image) => image.decode().then(() => image.naturalWidth)"
    )
    assert size == 1024


@pytest.mark.parametrize(("name", "key"), [("THANKS", "t"), ("PRIVACY", "P")])
async def test_a_button_is_pressed_by_a_finger_or_a_key(
    hardware: StubBench, bench: BenchPage, name: str, key: str
) -> None:
    await bench.button(name).click()
    await expect(bench.log).to_have_count(2)
    await bench.page.keyboard.press(key)
    await expect(bench.log).to_have_count(3)
    pressed = name.lower()
    assert hardware.pressed == [f"{pressed} down", f"{pressed} up", pressed]


@pytest.mark.parametrize("name", ["THANKS", "PRIVACY"])
async def test_the_device_feels_a_finger_while_it_is_down(
    hardware: StubBench, bench: BenchPage, name: str
) -> None:
    pressed = name.lower()
    await bench.button(name).hover()
    await bench.page.mouse.down()
    await expect(bench.button(name)).to_have_attribute("data-down", "")
    await expect(bench.log).to_have_count(1)
    assert hardware.pressed == [f"{pressed} down"]
    await bench.page.mouse.up()
    await expect(bench.button(name)).not_to_have_attribute("data-down", "")
    await expect(bench.log).to_have_count(2)
    await bench.button(name).dispatch_event("click")  # a keyboard's
    await expect(bench.log).to_have_count(3)
    assert hardware.pressed == [f"{pressed} down", f"{pressed} up", pressed]


async def test_who_leaves_the_page_lets_the_button_go(
    hardware: StubBench, bench: BenchPage
) -> None:
    await bench.button("THANKS").hover()
    await bench.page.mouse.down()
    await expect(bench.log).to_have_count(1)
    await bench.page.reload()
    await expect(bench.log).to_have_count(2)
    assert hardware.pressed == ["thanks down", "thanks up"]


async def test_the_newest_event_is_on_top(hardware: StubBench, bench: BenchPage) -> None:
    hardware.happen("A viewer came")
    hardware.happen("The lamp lit for 3 likes")
    await expect(bench.log).to_have_count(2)
    await expect(bench.log.first).to_contain_text("The lamp lit for 3 likes")


async def test_the_page_is_used_in_a_phone_beside_the_lamp(
    hardware: StubBench, cloud: StubCloud, bench: BenchPage
) -> None:
    page, phone = bench.page, bench.page.frame_locator("#phone")
    await phone.locator("#like").click()
    await expect(phone.locator("#receipt")).to_contain_text("Sent")
    assert [like["n"] for like in cloud.likes] == [1]
    await expect(bench.lamp).to_be_in_viewport(ratio=1)
    await expect(page.locator("#phone")).to_be_in_viewport(ratio=1)

    away = page.get_by_role("button", name="Put the phone away")
    await away.click()
    await expect(away).to_have_attribute("aria-pressed", "true")
    await expect(phone.locator("#like")).to_have_count(0)
    await away.click()
    await expect(phone.locator("#like")).to_be_visible()

    code = page.get_by_role("img", name="QR code of the page")
    await expect(page.locator("#scan")).to_contain_text("start the demo with --host 0.0.0.0")
    await expect(code).to_be_hidden()
    hardware.move(phone="http://192.0.2.7:8080/k/demo")
    await expect(page.locator("#scan")).to_have_text("http://192.0.2.7:8080/k/demo")
    await expect(code).to_be_visible()
    assert await code.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0

    hardware.move(cloud_page="https://cloud.example/k/0421")
    link = page.get_by_role("link", name="https://cloud.example/k/0421")
    await expect(link).to_have_attribute("href", "https://cloud.example/k/0421")
    await expect(page.locator("#phone")).to_have_count(0)


@pytest.mark.parametrize("viewport", [PHONE, LAPTOP, DESKTOP], ids=["phone", "laptop", "desktop"])
async def test_every_target_is_48_pixels_and_nothing_scrolls_sideways(
    browser: Browser, address: str, viewport: Any
) -> None:
    async with chromium_page(browser, f"{address}/bench", viewport=viewport) as page:
        sizes: Any = await page.evaluate(
            "Array.from(document.querySelectorAll('button, a'), (b) => {"
            " const box = b.getBoundingClientRect(); return Math.min(box.width, box.height); })"
        )
        assert min(sizes) >= 48
        width: Any = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
        lefts: Any = await page.evaluate(
            "Array.from(document.querySelectorAll('main > :not(.wall)'), (part) =>"
            " part.getBoundingClientRect().left)"
        )
        assert min(lefts) >= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_photographs_for_the_eye(
    browser: Browser, hardware: StubBench, address: str, theme: Theme, viewport: Any
) -> None:
    kind = "phone" if viewport == PHONE else "desktop"
    hardware.happen("The kitchen demo is ready")
    hardware.happen("A viewer came, the camera wakes")
    hardware.happen("On air")
    hardware.happen("The lamp lit for 3 likes")
    async with chromium_page(
        browser, f"{address}/bench", viewport=viewport, theme=theme, calm=True
    ) as page:
        bench = BenchPage(page)
        hardware.move(
            lamp=BenchLamp(level=0.55, rgb=WARM), on_air=True, camera=State.LIVE, viewers=2
        )
        hardware.show("note", "You are heroes")
        await expect(bench.display).to_have_attribute("alt", "The display: You are heroes")
        await expect(page.locator(".light")).to_have_css("opacity", "0.55")
        await photograph(page, f"bench-{kind}-{theme}")


async def test_markup_in_a_line_of_the_log_is_text(hardware: StubBench, bench: BenchPage) -> None:
    line = "The note <img src=x onerror=a()> was refused & gone"
    hardware.happen(line)
    hardware.show("note", "<svg onload=a()>")
    await expect(bench.log.filter(has_text=line)).to_be_visible()
    assert await bench.page.locator("img[src=x], svg[onload]").count() == 0
