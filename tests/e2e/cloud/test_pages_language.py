"""The viewer's page in another language than English, in real Chromium."""

import pytest
from playwright.async_api import Browser, expect

from likelight.assets import catalogue, plurals
from likelight.contract import State, SummaryLikes
from likelight_cloud.page.languages import WORDS, number
from support.chromium import needs_chromium
from support.pages import PHONE, ViewerPage
from support.serving import serving
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]


# What this browser knows of plurals: the categories of each language, and that of each number.
INTL = """([langs, numbers]) => Object.fromEntries(langs.map((lang) => {
  const rules = new Intl.PluralRules(lang);
  return [lang, {
    categories: rules.resolvedOptions().pluralCategories.sort(),
    forms: numbers.map((n) => rules.select(n)),
  }];
}))"""


async def test_a_browser_takes_the_same_forms_of_counted_words_as_the_server(
    browser: Browser,
) -> None:
    langs = list(catalogue.languages())
    numbers = [*range(1, 215), 0, 999, 1000, 1004, 10**6, 10**6 + 1, 3 * 10**6]
    page = await browser.new_page()
    try:
        known = await page.evaluate(INTL, [langs, numbers])
    finally:
        await page.close()
    for lang in langs:
        assert known[lang]["categories"] == sorted(plurals.categories(lang)), lang
        assert known[lang]["forms"] == [plurals.category(lang, n) for n in numbers], lang


async def test_the_page_is_read_in_the_browser_s_language_or_in_the_one_chosen(
    browser: Browser,
) -> None:
    cloud = StubCloud()
    cloud.catalogue = catalogue.load("ar")
    async with serving(cloud.routes()) as url:
        context = await browser.new_context(viewport=PHONE, locale="ar")
        try:
            page = await context.new_page()
            await page.goto(f"{url}/k/demo")
            viewer = ViewerPage(page)
            await viewer.says(WORDS["ar"]["live"])
            await expect(page.locator("html[lang=ar][dir=rtl]")).to_have_count(1)
            await viewer.tap()
            await viewer.receives(WORDS["ar"]["sent"])
            await expect(viewer.note("thank_you")).to_be_visible()
            hands, words = await page.locator('[data-code="thank_you"] > *').all()
            icon, text = await hands.bounding_box(), await words.bounding_box()
            assert icon is not None
            assert text is not None
            assert icon["x"] > text["x"], "what is read first is at the right"

            await page.locator("#language").select_option("pl")
            await viewer.says(WORDS["pl"]["live"])
            await expect(page.locator("html[lang=pl][dir=ltr]")).to_have_count(1)
            assert page.url.endswith("/k/demo?lang=pl")
            for total, form in ((1222, "polubienia"), (1225, "polubień")):
                cloud.tell(likes=SummaryLikes(total=total))
                await expect(page.locator("#total + span")).to_have_text(form)
        finally:
            await context.close()


READ = """() => {
  document.getElementById("said").textContent = "";
  return ['name', 'badge', 'state', 'total', 'viewers', 'notes', 'kitchen'].map((place) => {
    const element = document.getElementById(place);
    const {offsetLeft, offsetTop, offsetWidth, offsetHeight, innerText} = element;
    const icons = Array.from(element.querySelectorAll('use'), (use) => use.getAttribute('href'));
    return [place, offsetLeft, offsetTop, offsetWidth, offsetHeight, innerText, icons,
        {...element.dataset}];
  });
}"""
"""What stands in the places that server and script both write, and where."""

AS_WITH_A_SCRIPT = """() => {
  for (const element of document.querySelectorAll("noscript")) element.remove();
  for (const element of document.querySelectorAll(".scripted")) element.className = "";
}"""
"""Take away what only a browser without JavaScript shows, and show what it hides."""


async def test_nothing_changes_when_the_script_takes_over_from_what_the_server_wrote(
    browser: Browser,
) -> None:
    cloud = StubCloud()
    told = [(state, "") for state in State if state is not State.CLOSED]
    told += [(State.IDLE, "/here"), (State.FAULT, "/here")]
    async with (
        serving(cloud.routes()) as url,
        await browser.new_context(viewport=PHONE, java_script_enabled=False) as without,
        await browser.new_context(viewport=PHONE) as context,
    ):
        plain, scripted = await without.new_page(), await context.new_page()
        # A font that comes too late is left out: on a busy machine the pages would differ by it.
        for page in (plain, scripted):
            await page.route("**/*.woff2", lambda route: route.abort())
        for (state, place), lang in zip(told, WORDS, strict=False):
            cloud.tell(state=state, simulated=lang < "fr", likes=SummaryLikes(total=ord(lang[1])))
            address = f"{url}/k/demo{place}?lang={lang}"
            await scripted.goto(address)
            await expect(scripted.locator("#said")).not_to_be_empty()
            await plain.goto(address)
            await plain.evaluate(AS_WITH_A_SCRIPT)
            assert await scripted.evaluate(READ) == await plain.evaluate(READ), (state, lang)
            assert await scripted.title() == await plain.title()
        figures = (0, 999, 1_204, 9_999, 10_000, 1_234_567)
        written = await scripted.evaluate(
            "([langs, figures]) => langs.map((lang) => figures.map((n) => n.toLocaleString(lang)))",
            [list(WORDS), figures],
        )
        assert written == [[number(lang, figure) for figure in figures] for lang in WORDS]
