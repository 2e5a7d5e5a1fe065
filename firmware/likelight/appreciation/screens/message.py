"""Screens that show words and an icon: a note, thanks, and every state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import Geometry, geometry
from likelight.appreciation.screens.layout import (
    MAX_LINES,
    TITLE_LINES,
    Area,
    Ems,
    Line,
    Paragraph,
    fit,
)
from likelight.appreciation.screens.models import (
    NewNotesScreen,
    NoteScreen,
    OnAirScreen,
    PrivateScreen,
    SelfTestScreen,
    StatusScreen,
    ThanksScreen,
    UpdatingScreen,
)
from likelight.appreciation.screens.paging import paginate
from likelight.assets.breaking import split
from likelight_hw.ports import DisplayInfo

_DETAIL = 0.78
"""A state's second sentence, as a share of the first one's size."""
_NEW_NOTES_PAGES = 5

Foot = Callable[[Canvas, Geometry], None]
"""What draws the foot of a screen."""


def note(screen: NoteScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw a note: its words and its icon in the lamp's light, nothing else."""
    return _words_and_icon(screen.text, screen.icon, panel)


def thanks(screen: ThanksScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the answer to the THANKS button."""
    return _words_and_icon(screen.words.thanks_sent, "hands", panel, TITLE_LINES)


def private(screen: PrivateScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw that the camera is off, and how to share again."""
    words = screen.words
    return _state(words.camera_off, words.press_again, "camera_crossed", panel)


def on_air(screen: OnAirScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw that pictures leave the kitchen, and how many watch."""
    words, watching = screen.words, ""
    if screen.viewers:
        watching = words.so_many(screen.viewers)
    return _state(words.on_air, watching, None, panel)


def status(screen: StatusScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw a state: what happened, then what still works or whom to call."""
    return _state(screen.title, screen.detail, screen.icon, panel)


def new_notes(screen: NewNotesScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw that viewers have new notes, and their words; unlike a note, which is in the lamp's
    light: nobody has sent these.

    As many of them as take 20 s; one in any case.
    """
    first, *others = screen.texts
    for most in range(len(others), -1, -1):
        drawn = _state(screen.words.new_notes, first, "star", panel, more=tuple(others[:most]))
        if len(drawn) <= _NEW_NOTES_PAGES:
            break
    return drawn


def updating(screen: UpdatingScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw that new software is being installed, how far it is, and not to cut the power."""
    words, progress = screen.words, screen.progress
    if progress is None:
        return _state(words.updating, words.keep_power, "download", panel)
    title = words.so_far_updated.format(percent=round(100 * min(1.0, max(0.0, progress))))

    def bar(canvas: Canvas, sizes: Geometry) -> None:
        canvas.bar(progress, sizes)

    return _state(title, words.keep_power, "download", panel, bar)


def self_test(screen: SelfTestScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw one step of the self-test: its name, what to do or its result, and the progress.

    The parts of the foot's bar show the numbers, so that they need no line of text.
    """
    icon = "wrench" if screen.passed is None else "check" if screen.passed else "cross"

    def steps(canvas: Canvas, sizes: Geometry) -> None:
        canvas.steps(screen.step, screen.of, sizes)

    return _state(screen.title, screen.detail, icon, panel, steps)


def hold(asks: StatusScreen, held: int, seconds: int, panel: DisplayInfo) -> list[Drawn]:
    """Draw what is asked, on the one page that names it, and in its foot how long it was held."""

    def steps(canvas: Canvas, sizes: Geometry) -> None:
        canvas.steps(held, seconds, sizes)

    return _state(asks.title, asks.detail, asks.icon, panel, steps)[:1]


@dataclass(frozen=True, slots=True)
class _Setting:
    """The lines of one page, and the size of the icon above them; None: it is in the corner."""

    lines: tuple[Line, ...]
    crown: int | None


def _words_and_icon(text: str, icon: str, panel: DisplayInfo, most: int = MAX_LINES) -> list[Drawn]:
    sizes = geometry(panel)
    drawn = []
    settings = _place_icon(text, sizes, most)
    for number, setting in enumerate(settings, 1):
        canvas = Canvas(panel)
        if setting.crown is None:
            _lit_icon(canvas, icon, sizes.corner, sizes.corner, sizes.glyph, sizes)
        else:
            first = setting.lines[0]
            x = (sizes.width - setting.crown) // 2
            y = max(sizes.rim, first.top - sizes.gap - setting.crown)
            _lit_icon(canvas, icon, x, y, setting.crown, sizes)
        if len(settings) > 1:
            canvas.dots(number, len(settings), sizes)
        drawn.append((canvas.image, canvas.text(setting.lines, palette.INK)))
    return drawn


def _place_icon(text: str, sizes: Geometry, most: int) -> list[_Setting]:
    """Choose where the icon stands: above the words if these stay easy to read, else the corner."""
    whole = [Paragraph(split(text), most=most)]
    for floor in (sizes.em_wanted, sizes.ems.floor):
        for crown in (*sizes.crowns, None):
            area = sizes.beside_glyph if crown is None else sizes.below(crown)
            lines = fit(whole, area, replace(sizes.ems, floor=floor))
            if lines is not None:
                return [_Setting(lines, crown)]
    pages = paginate(text, sizes.above_foot(sizes.beside_glyph), sizes.ems, bold=True, most=most)
    return [_Setting(lines, crown=None) for lines in pages or [()]]


def _lit_icon(canvas: Canvas, icon: str, x: int, y: int, size: int, sizes: Geometry) -> None:
    canvas.glow(x + size // 2, y + size // 2, sizes.height * 7 // 8)
    canvas.icon(icon, x, y, size, palette.icon_colour(icon))


def _state(
    title: str,
    detail: str,
    icon: str | None,
    panel: DisplayInfo,
    foot: Foot | None = None,
    more: tuple[str, ...] = (),
) -> list[Drawn]:
    """Draw a state on one page if the type allows it, else each sentence on pages of its own.

    `more` is what is said after `detail`, each on pages of its own. A title has at most two lines.
    Without an icon it is the state of being on air.
    """
    sizes = geometry(panel)
    whole = sizes.below_tally if icon is None else sizes.beside_glyph
    area = whole if foot is None else sizes.above_foot(whole)
    together = fit(
        [
            Paragraph(split(title), most=TITLE_LINES),
            *(Paragraph(split(said), bold=False, ratio=_DETAIL) for said in (detail, *more)),
        ],
        area,
        sizes.ems,
    )
    settings = (
        [together]
        if together is not None
        else _apart(title, (detail, *more), sizes.above_foot(whole), sizes.ems)
    )
    drawn = []
    for number, lines in enumerate(settings, 1):
        canvas = Canvas(panel)
        if icon is None:
            canvas.tally(sizes)
        else:
            canvas.tile(icon, sizes)
        if foot is not None:
            foot(canvas, sizes)
        elif len(settings) > 1:
            canvas.dots(number, len(settings), sizes)
        second = palette.MUTED if together else palette.INK
        said = canvas.text([line for line in lines if line.bold], palette.INK)
        said += canvas.text([line for line in lines if not line.bold], second)
        drawn.append((canvas.image, said))
    return drawn


def _apart(
    title: str, details: tuple[str, ...], area: Area, ems: Ems
) -> Sequence[tuple[Line, ...]]:
    pages = [*paginate(title, area, ems, bold=True, most=TITLE_LINES)]
    for detail in details:
        pages += paginate(detail, area, ems, bold=False, apart=True)
    return pages or [()]
