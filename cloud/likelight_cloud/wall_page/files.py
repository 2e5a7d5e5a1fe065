"""The files that a wall is made of, as a browser asks for them."""

from pathlib import Path
from typing import Final

from likelight.web.http.static_files import read_folder
from likelight_cloud.page.files import FILES, MODULES, PageFiles, bundled_page

PREFIX: Final = "/static/wall"
_OWN: Final = read_folder(Path(__file__).parent / "static")


def wall_files() -> PageFiles:
    """Return the wall's one script, with the player in it, and its stylesheet, which has the
    window of a kitchen's page."""
    modules = {f"{PREFIX}/{name}": file.plain.decode() for name, file in _OWN.items()}
    shared = (FILES[name] for name in ("look.css", "hearts.css", "scene.css"))
    styles = [*shared, _OWN["wall.css"]]
    return bundled_page(PREFIX, f"{PREFIX}/wall.js", styles, MODULES | modules)


WALL: Final = wall_files()
