"""`likelight-cloud kitchen labels`: labels for kitchens' devices and folders, on sheets of A4."""

import argparse
import asyncio
import html
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from yarl import URL

from likelight.assets.qr_sheet import qr_svg
from likelight_cloud.cli.database import Commands, action, opened
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.cli.sheet import public_url_option
from likelight_cloud.store.base import NoKitchenError
from likelight_cloud.store.records import KitchenRecord

ON_A_SHEET: Final = 24
_WIDTH_MM: Final = 30.5
"""Of the text: 70 less the code of 27, two margins of 5 and the space between."""
_HEIGHT_MM: Final = 26.0
"""Of its lines: 37 less two margins of 5, and the space between name and id."""
_LINE: Final = 1.2
_SIZES_MM: Final = (4.2, 3.6, 3.0, 2.5, 2.1)
_ID_SIZE_MM: Final = 2.6

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Labels, {count}</title>
<style>
@page {{ size: A4 portrait; margin: 0; }}
* {{ box-sizing: border-box; margin: 0; }}
body {{ inline-size: 210mm; margin-inline: auto; background: #FFFFFF; color: #000000;
  font-family: "Atkinson Hyperlegible", "Noto Sans", system-ui, sans-serif; }}
section {{ display: grid; grid: repeat(8, 37mm) / repeat(3, 70mm); padding-block-start: 0.5mm;
  break-inside: avoid; }}
section + section {{ break-before: page; }}
article {{ display: grid; grid-template-columns: 27mm 1fr; align-items: center; gap: 2.5mm;
  padding: 5mm; overflow: hidden; }}
svg {{ display: block; inline-size: 100%; block-size: auto; }}
div {{ display: grid; grid-template-rows: minmax(0, auto) auto; gap: 1mm; max-block-size: 27mm; }}
h2, p {{ line-height: {line}; overflow-wrap: anywhere; }}
h2 {{ overflow: hidden; font-weight: 700; }}
p {{ font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: {id_size}mm; }}
@media screen {{ article {{ outline: 1px dashed #6B6258; }} }}
</style>
</head>
<body>
{sheets}
</body>
</html>
"""


def add_labels(actions: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen labels`."""
    labels = action(
        actions,
        "labels",
        database,
        _write_labels,
        "write labels of 70 x 37 mm, 24 on a sheet of A4 (Avery 3474 is one such): a "
        "kitchen's name and id, and a QR code that opens its page",
    )
    labels.add_argument("out", type=Path, metavar="FILE", help="a file that ends in .html")
    labels.add_argument(
        "kids", metavar="KID", nargs="*", help="the kitchens, in this order; all without any"
    )
    public_url_option(labels)


async def _write_labels(options: argparse.Namespace) -> None:
    out = options.out
    if out.suffix.lower() != ".html":
        raise CommandError(
            f"{out} does not end in .html. Name the file first, then the kitchens: "
            "`kitchen labels --public-url URL labels.html store-17`"
        )
    async with opened(options) as store:
        known = {record.kid: record for record in await store.kitchens()}
        unknown = next((kid for kid in options.kids if kid not in known), None)
        if unknown is not None:
            raise NoKitchenError(unknown)
    kitchens = [known[kid] for kid in options.kids or known]
    if not kitchens:
        raise CommandError(f"there is no kitchen in {options.database} yet; nothing was written")
    try:
        await asyncio.to_thread(_write, out, kitchens, options.public_url)
    except OSError as error:
        raise CommandError(f"{out} can't be written: {error.strerror}") from error
    print(f"Labels in {out}: {len(kitchens)}. Print it on A4 at 100 %, without margins.")


def _write(out: Path, kitchens: Sequence[KitchenRecord], public: URL) -> None:
    out.write_text(label_sheets(kitchens, public), "utf-8")


def label_sheets(kitchens: Sequence[KitchenRecord], public: URL) -> str:
    """Return a page of HTML that prints a label for each kitchen, with no secret on it."""
    labels = (_label(kitchen, public) for kitchen in kitchens)
    sheets = "\n".join(_sheets(labels))
    return _PAGE.format(count=len(kitchens), line=_LINE, id_size=_ID_SIZE_MM, sheets=sheets)


def _sheets(labels: Iterator[str]) -> Iterator[str]:
    while sheet := "\n".join(islice(labels, ON_A_SHEET)):
        yield f"<section>\n{sheet}\n</section>"


def _label(kitchen: KitchenRecord, public: URL) -> str:
    # Chinese and Japanese letters that are one in Unicode are drawn by the language.
    lang = f' lang="{kitchen.details.language}"' if kitchen.details.language else ""
    return (
        f"<article>{qr_svg(str(public / 'k' / kitchen.kid))}<div>"
        f'<h2 dir="auto" style="font-size:{_size_mm(kitchen)}mm"{lang}>'
        f"{html.escape(kitchen.name)}</h2><p>{kitchen.kid}</p></div></article>"
    )


def _size_mm(kitchen: KitchenRecord) -> float:
    """Return the largest letters with which the name fits beside the code, in any font."""
    room = _HEIGHT_MM - _height_mm(kitchen.kid, _ID_SIZE_MM)
    fitting = (size for size in _SIZES_MM if _height_mm(kitchen.name, size) <= room)
    return next(fitting, _SIZES_MM[-1])


def _height_mm(text: str, size: float) -> float:
    """Return how high the lines of `text` are at most; each may lack one letter, or a word."""
    width = sum(map(_ems, text)) * size
    lines = 1 if width <= _WIDTH_MM else int(width / (_WIDTH_MM - size)) + 1 + (" " in text)
    return lines * _LINE * size


def _ems(letter: str) -> float:
    """Return how wide a letter is at most, in its size: a bold W of DejaVu Sans is 1.1."""
    if unicodedata.combining(letter):
        return 0
    wide = unicodedata.east_asian_width(letter) in "WF" or letter.isupper()
    return 1.1 if wide else 0.7
