"""Screenshots of the viewer's page in every state and of the pages beside it, for the eye.

cd tests && ../.venv/bin/python -m support.photographs FOLDER [SET ...]

writes a PNG for each state, size and theme, and a sheet of each set, such as 390x844-dark; only of
the sets whose names begin with a given SET. All of them take five minutes.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, ViewportSize
from yarl import URL

from likelight.assets import catalogue
from likelight.contract import State, SummaryLikes
from support.chromium import chromium
from support.cloud_server import cloud_server
from support.pages import Theme, ViewerPage, chromium_page
from support.serving import serving
from support.stub_cloud import StubCloud

SIZES: Final[tuple[ViewportSize, ...]] = (
    {"width": 360, "height": 740},
    {"width": 390, "height": 844},
    {"width": 1280, "height": 800},
    {"width": 1920, "height": 1080},
)
SMALLEST: Final[ViewportSize] = {"width": 320, "height": 640}

Scene = Callable[[StubCloud, ViewerPage], Awaitable[None]]


async def live(_: StubCloud, viewer: ViewerPage) -> None:
    """A picture, and nothing else has happened yet."""
    await viewer.shows_a_picture()


async def receipts(cloud: StubCloud, viewer: ViewerPage) -> None:
    """A like lit the lamp, a note is on the screen, and the notes' groups are open."""
    await viewer.shows_a_picture()
    await viewer.tap()
    await viewer.note("heroes").click()
    await viewer.page.locator("#notes summary").click()
    cloud.note_shown()
    cloud.light(cloud.summary.likes.total, datetime.now(UTC))
    await viewer.page.locator('[data-kind="note"] use[href="#i-star"]').wait_for()


async def thanks(cloud: StubCloud, viewer: ViewerPage) -> None:
    """The crew thanks for a note."""
    await viewer.shows_a_picture()
    await viewer.note("heroes").click()
    await viewer.page.locator('[data-kind="note"]').wait_for()
    cloud.thank()
    await viewer.page.locator("#moment q").wait_for()


async def smaller(_: StubCloud, viewer: ViewerPage) -> None:
    """A slow line's picture, with its age and the reason in its corner."""
    await viewer.shows_a_picture()
    for call in ("onRendition('slide')", "onDelay(1.2, false)"):
        await viewer.page.evaluate(f"player.options.{call}")


def state(value: State, **fields: object) -> Scene:
    """A kitchen without a picture."""

    async def scene(cloud: StubCloud, viewer: ViewerPage) -> None:
        cloud.tell(state=value, **fields)
        await viewer.page.locator(f'[data-state="{value}"]').wait_for()

    return scene


SCENES: Final[Mapping[str, Scene]] = {
    "live": live,
    "receipts": receipts,
    "thanks": thanks,
    "smaller": smaller,
    "waking": state(State.IDLE),
    "private": state(State.PRIVATE),
    "closed": state(State.CLOSED, opens_at=datetime.now(UTC) + timedelta(hours=14)),
    "fault": state(State.FAULT),
    "off": state(State.OFF),
    "offline": state(State.OFFLINE),
    "interrupted": state(State.INTERRUPTED),
}


PAPERS: Final[Mapping[str, str]] = {
    "here": "/k/demo/here",
    "embed": "/embed/demo",
    "start": "/",
    "privacy": "/privacy",
    "wall": "/wall?k=demo",
    "nothing": "/nothing",
    "refused": "/k/nowhere",
}
"""Pages beside the kitchen's own, of a real cloud that no device has spoken to."""


async def photograph_all(folder: Path, browser: Browser, wanted: tuple[str, ...]) -> None:
    """Write the pictures of the `wanted` sets into `folder`, and a sheet of each."""
    sets: list[tuple[str, ViewportSize, Theme, str]] = [
        (f"{size['width']}x{size['height']}-{theme}", size, theme, "en")
        for size in SIZES
        for theme in ("light", "dark")
    ]
    sets.append(("320-arabic", SMALLEST, "light", "ar"))
    for name, size, theme, lang in sets:
        if not name.startswith(wanted):
            continue
        files = [
            await photograph(browser, folder / f"{name}-{scene}.png", scene, size, theme, lang)
            for scene in SCENES
        ]
        files += await photograph_papers(browser, folder / name, size, theme, lang)
        await asyncio.to_thread(sheet, files, folder / f"{name}.png")


async def photograph(
    browser: Browser, file: Path, scene: str, size: ViewportSize, theme: Theme, lang: str
) -> Path:
    """Write one picture of the page, where nothing moves."""
    cloud = StubCloud()
    cloud.catalogue = catalogue.load(lang)
    cloud.tell(likes=SummaryLikes(total=1204))
    async with serving(cloud.routes()) as url:
        address = f"{url}/k/demo?lang={lang}"
        async with chromium_page(browser, address, viewport=size, theme=theme, calm=True) as page:
            await SCENES[scene](cloud, ViewerPage(page))
            await page.screenshot(path=file)
    return file


async def photograph_papers(
    browser: Browser, prefix: Path, size: ViewportSize, theme: Theme, lang: str
) -> list[Path]:
    """Write a picture of each of the other pages; their names begin with `prefix`."""
    files = []
    with tempfile.TemporaryDirectory() as state:
        async with cloud_server(Path(state) / "cloud.sqlite", lists_kitchens=True) as served:
            for name, path in PAPERS.items():
                file = prefix.with_name(f"{prefix.name}-{name}.png")
                address = str(URL(f"{served.public}{path}").update_query(lang=lang))
                async with chromium_page(
                    browser, address, viewport=size, theme=theme, calm=True
                ) as page:
                    await page.screenshot(path=file)
                files.append(file)
    return files


def sheet(files: list[Path], out: Path) -> None:
    """Put the pictures beside each other, at most 2400 pixels wide."""
    pictures = [Image.open(file).convert("RGB") for file in files]
    width, height = pictures[0].size
    columns = 5 if width < height else 2
    scale = min(1.0, 2400 / (columns * width))
    cell = (int(width * scale), int(height * scale))
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * (cell[0] + 8), rows * (cell[1] + 8)), "#888")
    for number, picture in enumerate(pictures):
        at = (number % columns * (cell[0] + 8), number // columns * (cell[1] + 8))
        whole.paste(picture.resize(cell), at)
    whole.save(out)


async def main() -> None:
    """Read the folder from the command line, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", metavar="SET", default=[""])
    asked = parser.parse_args()
    folder: Path = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    async with chromium() as browser:
        await photograph_all(folder, browser, tuple(asked.sets))


if __name__ == "__main__":
    asyncio.run(main())
