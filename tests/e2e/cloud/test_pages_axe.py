"""Every state of the viewer's page, the bench, and the contract as a page pass axe-core, in both
themes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from likelight.assets import catalogue
from likelight.contract import State, Status
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from support.axe import axe_core, findings, needs_npm
from support.catalogues import document, publish
from support.chromium import needs_chromium
from support.cloud import status
from support.cloud_server import cloud_server
from support.desk import ten_weeks
from support.pages import DESKTOP, PHONE, BenchPage, ViewerPage, chromium_page
from support.serving import serving
from support.stub_bench import StubBench
from support.stub_cloud import StubCloud
from support.wall import add_kitchen

pytestmark = [needs_chromium, needs_npm, pytest.mark.asyncio(loop_scope="module")]

OPENS = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe_core(tmp_path_factory.mktemp("axe"))


async def in_both_themes(page: Page) -> list[str]:
    """Return the findings on `page`, each with the theme in which it was found."""
    found: list[str] = []
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        found.extend(f"{theme}: {one}" for one in await findings(page))
    return found


async def all_states(cloud: StubCloud, page: Page) -> list[str]:
    """Return all findings, each with the state and the theme in which it was found."""
    found: list[str] = []

    async def look(what: str) -> None:
        found.extend(f"{what}, {one}" for one in await in_both_themes(page))

    viewer = ViewerPage(page)
    for state in (*State, None):
        cloud.tell(state=state or State.LIVE, opens_at=OPENS if state is State.CLOSED else None)
        await page.locator(f'[data-state="{state or State.LIVE}"]').wait_for()
        if state is not None:
            await look(state)
    if await page.locator('[data-place="page"]').count():
        await viewer.shows_a_picture()
    await page.locator("#notes summary").click()
    await viewer.tap()
    await viewer.note("heroes").click()
    await viewer.receives("Sent: ")
    cloud.thank()
    await page.locator("#moment q").wait_for()
    await look("thanks")
    cloud.vanish()
    await page.locator('[data-state="lost"]').wait_for()
    await look("lost")
    return found


@pytest.mark.parametrize("place", ["", "/here"], ids=["page", "here"])
async def test_no_state_has_a_finding(browser: Browser, axe: str, place: str) -> None:
    # axe-core measures no contrast on the phone's fade, so the heart's figures are seen on a card.
    cloud = StubCloud()
    cloud.catalogue = catalogue.load("en")
    async with (
        serving(cloud.routes()) as url,
        chromium_page(
            browser, f"{url}/k/demo{place}", viewport=PHONE if place else DESKTOP, calm=True
        ) as page,
    ):
        await page.evaluate(axe)
        assert await all_states(cloud, page) == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_bench_has_no_finding(browser: Browser, axe: str, viewport: ViewportSize) -> None:
    hardware = StubBench()
    async with (
        serving(hardware.routes()) as url,
        chromium_page(browser, f"{url}/bench", viewport=viewport, calm=True) as page,
    ):
        bench = BenchPage(page)
        await page.evaluate(axe)
        hardware.happen("A note came: heroes")
        hardware.happen("The camera is off", "warning")
        await expect(bench.log).to_have_count(2)
        assert await in_both_themes(page) == []
        hardware.move(on_air=True, camera=State.LIVE, phone="http://192.0.2.7:8080/k/demo")
        await expect(bench.on_air).to_have_attribute("data-lit", "")
        assert await in_both_themes(page) == []


async def test_the_fleet_has_no_finding(browser: Browser, axe: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with cloud_server(tmp_path / "cloud.db") as site:
        store = site.cloud.cloud.store
        await store.operators.add(Operator("kim", Role.OPERATOR, hashed("its-token"), now))
        for kid, state in (("live", "live"), ("away", "private"), ("broken", "fault")):
            await store.add_kitchen(kid, f"The kitchen {kid}", now)
            told = status(boot_id=kid, camera={"state": state, "since": now.isoformat()})
            await store.put_status(kid, Status.model_validate(told), now)
        await publish(store, document(), now)
        async with chromium_page(browser, f"{site.public}/fleet?show=all") as page:
            await page.evaluate(axe)
            assert await in_both_themes(page) == []
            await page.get_by_label("Your token").fill("its-token")
            await page.get_by_role("button", name="Log in").click()
            await page.get_by_role("link", name=f"All ({len(await store.kitchens())})").click()
            await expect(page.locator(".kitchens > li")).to_have_count(4)
            await page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
            await page.evaluate(axe)
            assert await in_both_themes(page) == []
            await page.get_by_role("link", name="Published notes").click()
            await page.set_viewport_size({"width": 1280, "height": 800})
            told = await page.locator(".kitchens p").bounding_box()
            assert told is not None
            assert told["width"] > 900, "beside the name, and not in one of the fleet's columns"
            await page.set_viewport_size(PHONE)
            await page.evaluate(axe)
            assert await in_both_themes(page) == []
            await page.get_by_role("link", name="Winter").click()
            await expect(page.get_by_role("img", name="Wie bei meiner Mutter")).to_have_count(0)
            await page.get_by_role("link", name="de", exact=True).click()
            await expect(page.get_by_role("img", name="Wie bei meiner Mutter")).to_have_count(8)
            await page.evaluate(axe)
            assert await in_both_themes(page) == []
            await ten_weeks(store, "store-1", now)
            await page.goto(f"{site.public}/fleet/kitchens/store-1")
            await expect(page.locator(".hours tbody tr")).to_have_count(24)
            await page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
            await page.evaluate(axe)
            assert await in_both_themes(page) == []


async def test_a_wall_has_no_finding(browser: Browser, axe: str, tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        await add_kitchen(site.cloud.cloud.store, "mill", "The mill", State.CLOSED)
        async with chromium_page(browser, f"{site.public}/wall?k=mill", calm=True) as page:
            await page.evaluate(axe)
            assert await in_both_themes(page) == []
            await page.locator(".kitchen").evaluate(
                "one => { one.hidden = false; one.dataset.shown = one.dataset.open = ''; }"
            )
            await page.locator("main").evaluate("main => main.dataset.open = ''")
            assert await in_both_themes(page) == []


async def test_the_contract_as_a_page_has_no_finding(
    browser: Browser, axe: str, tmp_path: Path
) -> None:
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        chromium_page(browser, f"{site.public}/openapi") as page,
    ):
        await page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        await page.evaluate(axe)
        assert await in_both_themes(page) == []
