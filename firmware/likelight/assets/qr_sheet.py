"""A sheet with a QR code for a table: it opens the kitchen's page for guests in the house.

As SVG it is the code alone, for a design of one's own; as HTML a page that prints on A4.
"""

import html
import io
import json
from pathlib import Path
from typing import Final

from likelight.assets.icons import GRID, PATHS

_WORDS: Final[dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("qr_words.json").read_text("utf-8")
)
LANGUAGES: Final = tuple(_WORDS)
QUIET_ZONE = 4
"""Modules of white around the code, as ISO/IEC 18004 asks."""

_PAGE: Final = """<!doctype html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<title>{name}</title>
<style>
@page {{ size: A4 portrait; margin: 0; }}
* {{ box-sizing: border-box; margin: 0; }}
body {{ display: grid; align-content: space-evenly; justify-items: center; gap: 8mm;
  inline-size: 210mm; block-size: 296mm; margin-inline: auto; padding: 20mm;
  background: #FFFFFF; color: #221E1A; text-align: center;
  font: 400 8mm/1.4 "Atkinson Hyperlegible", "Noto Sans", system-ui, sans-serif; }}
h1 {{ font-size: 14mm; line-height: 1.2; overflow-wrap: anywhere; }}
.heart {{ inline-size: 24mm; fill: #C2255C; }}
.code {{ inline-size: 110mm; }}
.code svg {{ display: block; inline-size: 100%; block-size: auto; }}
.how {{ max-inline-size: 150mm; text-wrap: balance; }}
.small {{ color: #6B6258; font-size: 4.5mm; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1><bdi>{name}</bdi></h1>
<svg class="heart" viewBox="0 0 {grid} {grid}" aria-hidden="true"><path d="{heart}"/></svg>
<p class="how">{how}</p>
<div class="code">{code}</div>
<div class="small"><p>{free}</p><p dir="ltr">{url}</p></div>
</body>
</html>
"""


def qr_svg(url: str) -> str:
    """Return the QR code of `url` as SVG. Level Q is read with a quarter of it stained."""
    import segno  # noqa: PLC0415  a command that prints no sheet does not need it

    drawn = io.BytesIO()
    code = segno.make(url, error="q", micro=False)
    code.save(
        drawn,
        kind="svg",
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
    )
    return drawn.getvalue().decode()


def qr_page(url: str, name: str, lang: str) -> str:
    """Return a page of A4 with the code of `url` for the kitchen `name`, in one of `LANGUAGES`."""
    words = _WORDS[lang]
    return _PAGE.format(
        lang=lang,
        dir="rtl" if lang == "ar" else "ltr",
        name=html.escape(name),
        how=html.escape(words["how"]),
        free=html.escape(words["free"]),
        url=html.escape(url),
        code=qr_svg(url),
        grid=GRID,
        heart=PATHS["heart"],
    )


def write_sheet(out: Path, url: str, name: str, lang: str) -> None:
    """Write the sheet to `out`, which ends in .svg or .html. Raises `ValueError`, `OSError`."""
    suffix = out.suffix.lower()
    if suffix not in (".svg", ".html"):
        raise ValueError(
            f"{out} ends neither in .svg nor in .html; name it sheet.html, for example"
        )
    out.write_text(qr_svg(url) if suffix == ".svg" else qr_page(url, name, lang), "utf-8")
