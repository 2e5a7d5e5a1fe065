"""Pages of Markdown as one sheet of A4 each: an HTML file that holds its pictures and letters.

Whoever prints such a sheet sits at any computer and has nothing but a browser.
"""

import base64
import html
import os
import re
from functools import partial
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

PROJECT: Final = Path(__file__).parents[2]
STORE: Final = PROJECT / "firmware/STORE.md"
OFFICE: Final = PROJECT / "systemd/OFFICE.md"
PAPERS: Final = (STORE, OFFICE)
_FONTS: Final = PROJECT / "firmware/likelight/assets/fonts"
_STYLE: Final = Path(__file__).with_name("papers.css")


def paper(page: Path) -> str:
    """Return the sheet of a page."""
    text = page.read_text(encoding="utf-8")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    # On paper no link leads anywhere.
    body = re.sub(r"</?a\b[^>]*>", "", body)
    body = re.sub(r"<!--.*?-->\n?", "", body)
    body = re.sub(r'<img src="([^"]+)" alt="([^"]*)" />', partial(_held, page.parent), body)
    title = html.escape(text.partition("\n")[0].removeprefix("# "))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>\n{_letters()}{_STYLE.read_text(encoding='utf-8')}"
        f'</style>\n<body class="{page.stem.lower()}">\n{body}</body>\n</html>\n'
    )


def _held(folder: Path, image: re.Match[str]) -> str:
    """Return an image as a part of the page; a drawing then has the page's letters."""
    picture = folder / image[1]
    if picture.suffix == ".svg":
        return picture.read_text(encoding="utf-8").replace("<svg", '<svg role="img"', 1)
    return f'<img src="data:image/webp;base64,{_base64(picture)}" alt="{image[2]}">'


def _letters() -> str:
    """Return the font, without which a sheet would be longer on another computer."""
    return "".join(
        f"@font-face {{ font-family: Atkinson; font-weight: {weight}; "
        f"src: url(data:font/woff2;base64,{_base64(_FONTS / file)}); }}\n"
        for weight, file in (
            (400, "AtkinsonHyperlegible-Regular.woff2"),
            (700, "AtkinsonHyperlegible-Bold.woff2"),
        )
    )


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def check_sheet(page: Path) -> None:
    """Compare the sheet that is kept beside `page` with it; make it again where that is wanted."""
    sheet, made = page.with_suffix(".html"), paper(page)
    if os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1":
        sheet.write_text(made, encoding="utf-8")
    assert sheet.read_text(encoding="utf-8") == made, "run this test with LIKELIGHT_UPDATE_GOLDEN=1"
