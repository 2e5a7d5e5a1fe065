"""Make the subset fonts of `likelight/assets/fonts` from their sources; see the README there.

Needs fonttools and brotli. The subsets hold every letter of the bundled notes and of the
crew's screens, whole alphabets for the notes of brands, and no layout rules that Pillow would not
use.
"""

import argparse
import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import GlyphCoordinates
from fontTools.varLib.instancer import instantiateVariableFont

ASSETS: Final = Path(__file__).parent / "likelight" / "assets"

PUNCTUATION: Final = "–—―‘’‚“”„•…‹›€™−×÷°·"
LATIN: Final = {*range(0x20, 0x7F), *range(0xA0, 0x180), *map(ord, PUNCTUATION)}
VIETNAMESE: Final = {*range(0x1EA0, 0x1EFA), 0x1A0, 0x1A1, 0x1AF, 0x1B0}
WIDE: Final = LATIN | VIETNAMESE | {*range(0x200, 0x21C), 0x1E9E}
ARABIC: Final = {
    *range(0x20, 0x7F),
    *map(ord, "\u00a0«»،؛؟ٰٱپچژکگی" + PUNCTUATION),
    *range(0x621, 0x653),
    *range(0x660, 0x66D),
    *range(0x6F0, 0x6FA),
}
KANA: Final = {
    *range(0x20, 0x7F),
    *range(0x3000, 0x3003),
    *range(0x3005, 0x3016),
    *range(0x3041, 0x3097),
    *range(0x309B, 0x309F),
    *range(0x30A0, 0x3100),
    0x301C,
    *map(ord, "！？：；（）％＆＋～–—‘’“”…♪"),
}
KANJI: Final = (
    # The first two years of school, then what kitchens, thanks and days are written with.
    "一右雨円王音下火花貝学気九休玉金空月犬見五口校左三山子四糸字耳七車手十出女小上森人水正生青"
    "夕石赤千川先早草足村大男竹中虫町天田土二日入年白八百文木本名目立力林六引羽雲園遠何科夏家歌"
    "画回会海絵外角楽活間丸岩顔汽記帰弓牛魚京強教近兄形計元言原戸古午後語工公広交光考行高黄合谷"
    "国黒今才細作算止市矢姉思紙寺自時室社弱首秋週春書少場色食心新親図数西声星晴切雪船線前組走多"
    "太体台地池知茶昼長鳥朝直通弟店点電刀冬当東答頭同道読内南肉馬売買麦半番父風分聞米歩母方北毎"
    "妹万明鳴毛門夜野友用曜来里理話厨房感謝味最幸届仕事好香笑卓庭残洗皿料調焼揚煮炒麺丼寿司鍋飯"
    "酒杯菜果塩油酢辛甘温熱冷美旨腕職舗客席注祝誕願待頑張励応援皆様御馳愛情込緒族達喜嬉癒伝送次"
    "不使共刻取器固意戻押拭更有機源着続網聴視起違部開預"
    "度必再変素初常連街憩眠静安全守信頼誇輝世界支配運急便包箱袋窯炉粉具材旬産農漁"
)

SHAPING: Final = ["ccmp", "init", "medi", "fina", "rlig", "calt", "mark", "mkmk", "kern"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for source in ("noto-sans", "noto-sans-arabic", "noto-sans-jp-bold"):
        parser.add_argument(f"--{source}", type=Path, required=True, metavar="FILE")
    options = parser.parse_args()
    for weight, wght in (("Regular", 400), ("Bold", 700)):
        write_page_font(weight)
        _write("NotoSans", weight, _instance(options.noto_sans, wght), WIDE, shaped=False)
    arabic = _instance(options.noto_sans_arabic, 700)
    _write("NotoSansArabic", "Bold", arabic, ARABIC | _letters("ar"), shaped=True)
    japanese = KANA | set(map(ord, KANJI)) | _letters("ja")
    _write("NotoSansJP", "Bold", TTFont(options.noto_sans_jp_bold), japanese, shaped=False)
    write_language_name()


def write_page_font(weight: str) -> None:
    """Write Atkinson for pages: every letter and rule of layout, as WOFF2, without hinting and
    without the slash of the zero.

    Hinting is a third of its bytes, and screens with few pixels alone use it. Times and totals with
    the slash read as if they had an 8.
    """
    path = ASSETS / "fonts" / f"AtkinsonHyperlegible-{weight}.ttf"
    font = TTFont(path)
    _open_zero(font)
    _write_woff2(font, font.getBestCmap(), path.with_suffix(".woff2"))


def write_language_name() -> None:
    """Write the three letters by which Japanese is chosen: not every reader's computer has them."""
    font = TTFont(ASSETS / "fonts" / "NotoSansJP-Bold.ttf")
    _write_woff2(font, map(ord, "日本語"), ASSETS / "fonts" / "NotoSansJP-Name.woff2")


def _write_woff2(font: TTFont, letters: Iterable[int], path: Path) -> None:
    options = Options(
        layout_features=["*"],
        hinting=False,
        notdef_outline=True,
        glyph_names=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
    )
    subsetter: Any = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    font.recalcTimestamp = False
    font.flavor = "woff2"
    font.save(path)


def _open_zero(font: TTFont) -> None:
    """Give the zero one counter, from the two that its slash leaves.

    Each of the two has one of an oval's four curves whole, and the others mirror these.
    """
    glyph = font["glyf"]["zero"]
    points = list(zip(glyph.coordinates, glyph.flags, strict=True))
    outer, upper, lower = (
        points[begin:end]
        for begin, end in pairwise([0, *(last + 1 for last in glyph.endPtsOfContours)])
    )
    right_to_top, left_to_bottom = upper[2:6], [*lower[5:8], lower[0]]
    middle = right_to_top[-1][0][0]
    counter = [
        point
        for curve in (right_to_top, left_to_bottom)
        for point in (
            *curve,
            *(((2 * middle - x, y), on) for (x, y), on in reversed(curve[1:-1])),
        )
    ]
    glyph.coordinates = GlyphCoordinates([at for at, _ in (*outer, *counter)])
    glyph.flags = bytearray(on for _, on in (*outer, *counter))
    glyph.endPtsOfContours = [len(outer) - 1, len(outer) + len(counter) - 1]
    glyph.numberOfContours = 2
    glyph.removeHinting()


def _letters(lang: str) -> set[int]:
    """Return the letters of the notes and of the crew's screens."""
    texts = {
        **json.loads((ASSETS / "notes" / f"{lang}.json").read_text("utf-8"))["notes"],
        **json.loads((ASSETS / "crew" / f"{lang}.json").read_text("utf-8"))["words"],
    }
    return {ord(letter) for text in texts.values() for letter in text}


def _instance(path: Path, wght: int) -> TTFont:
    font = TTFont(path)
    return instantiateVariableFont(font, {"wght": wght, "wdth": 100}, updateFontNames=True)


def _write(name: str, weight: str, font: TTFont, letters: set[int], *, shaped: bool) -> None:
    options = Options(
        layout_features=SHAPING if shaped else [],
        hinting=False,
        notdef_outline=True,
        glyph_names=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
        drop_tables=[
            *Options().drop_tables,
            "STAT",
            "HVAR",
            "MVAR",
            "vhea",
            "vmtx",
            "VORG",
            "BASE",
        ],
    )
    options.layout_scripts = ["*"]
    subsetter: Any = Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    font.recalcTimestamp = False
    font.flavor = None
    path = ASSETS / "fonts" / f"{name}-{weight}.ttf"
    font.save(path)
    print(f"{path.name}: {len(font.getBestCmap())} letters, {path.stat().st_size:,} bytes")  # noqa: T201  a command


if __name__ == "__main__":
    main()
