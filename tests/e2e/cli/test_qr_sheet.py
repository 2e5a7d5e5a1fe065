"""The sheets with QR codes: `likelight qr`, `likelight-cloud kitchen qr` and `kitchen labels`."""

import asyncio
import io
import re
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.async_api import Browser, Page

from likelight.assets.catalogue import languages
from likelight.assets.qr_sheet import LANGUAGES, qr_svg
from likelight.cli.main import main as likelight
from likelight_cloud.cli.main import main as likelight_cloud
from likelight_cloud.store.choice import database_of
from support.chromium import needs_chromium
from support.cloud import NOON
from support.pages import photograph

A4 = {"width": 794, "height": 1123}
"""In CSS pixels."""

URL = "https://kitchens.example.com/k/store-17/here"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "likelight.toml"
    file.write_text(
        f'state_dir = "{tmp_path}"\n[kitchen]\nid = "store-17"\nname = "Store <17>"\n'
        'language = "ar"\n[web]\npublic_urls = ["https://kitchens.example.com"]\n'
    )
    return file


async def modules(page: Page) -> list[list[bool]]:
    """Return which modules of the code on the page are dark, without its quiet zone."""
    picture = await page.locator("svg").last.screenshot()
    image = Image.open(io.BytesIO(picture)).convert("L")
    across = len(segno.make(URL, error="q", micro=False).matrix)
    module = image.width / (across + 8)
    at = [int((4.5 + n) * module) for n in range(across)]
    return [[int(image.getpixel((x, y))) < 128 for x in at] for y in at]  # type: ignore[arg-type]


@needs_chromium
@pytest.mark.asyncio(loop_scope="module")
async def test_a_device_s_sheet_is_one_page_of_a4_whose_code_opens_the_page_for_guests(
    browser: Browser, config: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.html"
    argv = ["qr", "--config", str(config), str(sheet)]
    assert await asyncio.to_thread(likelight, argv) == 0
    page = await browser.new_page(viewport=A4)  # type: ignore[arg-type]
    await page.set_content(await asyncio.to_thread(sheet.read_text, "utf-8"))
    assert await page.locator("h1").inner_text() == "Store <17>"
    assert await page.locator("html[lang=ar][dir=rtl]").count() == 1
    wanted = segno.make(URL, error="q", micro=False).matrix
    assert await modules(page) == [[bool(dark) for dark in row] for row in wanted]
    await photograph(page, "qr-sheet")
    printed = await page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    await page.close()


def test_a_cloud_writes_the_sheet_of_each_kitchen_in_each_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ["--database", str(tmp_path / "cloud.db")]
    assert likelight_cloud(["init", *database]) == 0
    assert likelight_cloud(["kitchen", "add", "store-17", "Store 17", *database]) == 0
    asked = ["kitchen", "qr", *database, "--public-url", "https://kitchens.example.com"]
    assert set(LANGUAGES) == set(languages())
    for lang in LANGUAGES:
        sheet = tmp_path / f"{lang}.html"
        assert likelight_cloud([*asked, "--language", lang, "store-17", str(sheet)]) == 0
        assert f'<html lang="{lang}"' in sheet.read_text("utf-8")
    capsys.readouterr()
    assert likelight_cloud([*asked, "store-17", str(tmp_path / "code.svg")]) == 0
    assert URL in capsys.readouterr().out
    assert (tmp_path / "code.svg").read_text("utf-8").startswith("<svg")

    assert likelight_cloud([*asked, "nowhere", str(tmp_path / "code.svg")]) == 2
    assert "there is no kitchen nowhere" in capsys.readouterr().err
    assert likelight_cloud([*asked, "store-17", str(tmp_path / "code.pdf")]) == 2
    assert "name it sheet.html" in capsys.readouterr().err


LONG_ID = "a-kitchen-s-id-has-40-characters-at-most"
NAMES = (
    "Harbour",
    "W" * 60,
    "Zoë's kitchen, north of the old market by the river & bridge",
    "Donaudampfschifffahrtsgesellschaftskapitaenskajuetenkueche",
    "مطبخ الميناء القديم عند السوق الكبير في المدينة القديمة جدا",
    "港の台所" * 15,
    "😀" * 60,
    "i" * 60,
    "<b>&amp;</b>",
)


@needs_chromium
@pytest.mark.asyncio(loop_scope="module")
async def test_labels_print_24_on_a_sheet_and_whole_whatever_the_name(
    browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database, public = ["--database", str(tmp_path / "cloud.db")], "https://kitchens.example.com"

    async def command(*words: str) -> int:
        return await asyncio.to_thread(likelight_cloud, [*words, *database])

    async def labels(*kids: str) -> Page:
        sheet = tmp_path / "labels.html"
        words = ("kitchen", "labels", "--public-url", public, str(sheet), *kids)
        assert await command(*words) == 0
        page = await browser.new_page(viewport=A4)  # type: ignore[arg-type]
        await page.set_content(await asyncio.to_thread(sheet.read_text, "utf-8"))
        return page

    async def printed(page: Page) -> int:
        return len(re.findall(rb"/Type\s*/Page\b", await page.pdf(prefer_css_page_size=True)))

    assert await command("init") == 0
    store = database_of(database[1]).store()
    await store.open()
    for n in range(25):
        kid = LONG_ID if n == 1 else f"store-{n:02}"
        await store.add_kitchen(kid, NAMES[n % len(NAMES)], NOON)
    await store.close()

    page = await labels()
    assert await page.locator("article").count() == 25
    assert await page.evaluate(_CUT_OFF) == []
    assert await page.locator("h2", has_text="<b>&amp;</b>").count() == 2
    assert await page.locator("h2:dir(rtl)").count() == 3
    drawn = await page.locator("article path").last.get_attribute("d")
    assert f'd="{drawn}"' in qr_svg(f"{public}/k/store-24")
    assert await printed(page) == 2
    await photograph(page, "labels")
    await page.close()

    page = await labels(*(f"store-{n:02}" for n in range(2, 25)), LONG_ID)
    assert await printed(page) == 1
    assert await page.locator("p").last.inner_text() == LONG_ID
    await page.close()

    capsys.readouterr()
    for words, said in {
        ("labels.html", "nowhere"): "there is no kitchen nowhere",
        ("store-02", "labels.html"): "Name the file first",
        (str(tmp_path / "missing" / "labels.html"),): "can't be written: No such file",
    }.items():
        assert await command("kitchen", "labels", "--public-url", public, *words) == 2
        assert said in capsys.readouterr().err


_CUT_OFF = """
[...document.querySelectorAll("article")].filter((label) => {
  const whole = label.getBoundingClientRect();
  const inside = [...label.querySelectorAll("svg, h2, p")].every((part) => {
    const box = part.getBoundingClientRect();
    return box.left >= whole.left && box.right <= whole.right
      && box.top >= whole.top + 8 && box.bottom <= whole.bottom - 8
      && part.scrollHeight <= part.clientHeight + 1 && part.scrollWidth <= part.clientWidth + 1;
  });
  return !inside || Math.abs(whole.width - 70 * 96 / 25.4) > 0.5;
}).map((label) => label.textContent)
"""
"""The labels that are not 70 mm wide, or whose parts come within 2 mm of the edge or are cut."""


def test_a_device_without_an_address_for_guests_asks_for_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["qr", "--state-dir", str(tmp_path), str(tmp_path / "code.svg")]
    assert likelight(argv) == 2
    assert "--url https://kitchens.example.com" in capsys.readouterr().err
    assert likelight([*argv, "--url", "kitchens.example.com"]) == 2
    assert likelight([*argv, "--url", "http://192.168.0.7:8080", "--language", "tlh"]) == 2
    assert likelight([*argv, "--url", "http://192.168.0.7:8080"]) == 0
    assert "http://192.168.0.7:8080/k/" in capsys.readouterr().out
