"""The sheets with a QR code that `likelight qr` and `likelight-cloud kitchen qr` write."""

import asyncio
import io
import re
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.async_api import Browser, Page

from likelight.assets.catalogue import languages
from likelight.assets.qr_sheet import LANGUAGES
from likelight.cli.main import main as likelight
from likelight_cloud.cli.main import main as likelight_cloud
from support.chromium import needs_chromium
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
