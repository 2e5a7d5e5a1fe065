"""The files that every page shares: colours, fonts and icons, from `assets`."""

from typing import Final

from likelight.assets import FOLDER
from likelight.assets.icons import GRID, PATHS
from likelight.web.http.static_files import ServedFile, read_folder

# Marks that only pages need, on the same grid as the icons: a steady light, a check, the lamp, and
# the buttons for the whole screen and for a small picture of its own.
_MARKS: Final = {
    "dot": "M12 6 C15.31 6 18 8.69 18 12 C18 15.31 15.31 18 12 18 C8.69 18 6 15.31 6 12"
    " C6 8.69 8.69 6 12 6 Z",
    "check": "M4.5 12.3 L6.6 10.2 L10.2 13.8 L17.7 6.3 L19.8 8.4 L10.2 18 Z",
    "lamp": "M10.9 1.5 L13.1 1.5 L13.1 6 C17.7 6.5 21 9.9 21 14.25 L3 14.25 C3 9.9 6.3 6.5"
    " 10.9 6 Z M8.25 16.5 L15.75 16.5 C15.75 18.6 14.1 20.25 12 20.25 C9.9 20.25 8.25 18.6 8.25"
    " 16.5 Z",
    "whole_screen": "M3 3 L10 3 L10 5.5 L5.5 5.5 L5.5 10 L3 10 Z M14 3 L21 3 L21 10 L18.5 10"
    " L18.5 5.5 L14 5.5 Z M3 14 L5.5 14 L5.5 18.5 L10 18.5 L10 21 L3 21 Z M18.5 14 L21 14 L21 21"
    " L14 21 L14 18.5 L18.5 18.5 Z",
    "small_picture": "M2 4.5 L22 4.5 L22 19.5 L2 19.5 Z M4.5 7 L4.5 17 L19.5 17 L19.5 7 Z M11.5 11"
    " L18 11 L18 15.5 L11.5 15.5 Z",
}


def look_files() -> dict[str, ServedFile]:
    """Return `look.css`, the fonts, `icons.svg` and `heart.svg`, the tab's icon, by name."""
    return {
        "look.css": ServedFile.of("look.css", (FOLDER / "look.css").read_bytes()),
        "icons.svg": ServedFile.of("icons.svg", _sheet().encode()),
        "heart.svg": ServedFile.of("heart.svg", _tab_icon().encode()),
        **read_folder(FOLDER / "fonts"),
    }


def symbols(prefix: str = "") -> str:
    """Return every icon as an SVG `<symbol>`, whose id is `prefix` and the icon's name."""
    return "".join(
        f'<symbol id="{prefix}{name}" viewBox="0 0 {GRID} {GRID}">'
        f'<path fill="currentColor" fill-rule="evenodd" d="{path}"/></symbol>'
        for name, path in {**PATHS, **_MARKS}.items()
    )


def _sheet() -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols()}</svg>'


def _tab_icon() -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID} {GRID}">'
        f'<path fill="#C2255C" fill-rule="evenodd" d="{PATHS["heart"]}"/></svg>'
    )
