"""The files that a kitchen's page is made of, as a browser asks for them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from likelight.feed.player import player_sources
from likelight.web.http.look_files import look_files
from likelight.web.http.static_files import ServedFile, hashed_name, read_folder
from likelight_cloud.page.bundle import bundle, without_comments

PREFIX: Final = "/static/page"
FILES: Final = {**look_files(), **read_folder(Path(__file__).parent / "static")}
"""What is below `PREFIX`, under the names that the sources have."""

MODULES: Final = {
    f"{PREFIX}/{name}": file.plain.decode() for name, file in FILES.items() if name.endswith(".js")
} | player_sources()
"""The modules of the page's script and of the player, by address."""

_ENTRY: Final = f"{PREFIX}/kitchen.js"
_STYLES: Final = ("look.css", "kitchen.css", "hearts.css", "window.css", "rooms.css", "scene.css")
_FONTS: Final = ("AtkinsonHyperlegible-Regular.woff2", "AtkinsonHyperlegible-Bold.woff2")
_TAB_ICON: Final = "heart.svg"
_URL: Final = re.compile(r'url\("([^"]+)"\)')


@dataclass(frozen=True, slots=True)
class PageFiles:
    """The addresses that a kitchen's page names, and what is to be served for them."""

    script: str
    styles: tuple[str, ...]
    fonts: tuple[str, ...]
    """Asked for with the page: its first paint needs them."""
    tab_icon: str
    served: Mapping[str, ServedFile]
    """By the name below `PREFIX`."""


def bundled(modules: Mapping[str, str] = MODULES) -> PageFiles:
    """Return one script and one stylesheet, under names with a hash of their content.

    A browser keeps them for a year, and asks for none of them again on a reload.
    """
    return bundled_page(PREFIX, _ENTRY, [FILES[name] for name in _STYLES], modules, FILES)


def bundled_page(
    prefix: str,
    entry: str,
    styles: Sequence[ServedFile],
    modules: Mapping[str, str],
    beside: Mapping[str, ServedFile] = MappingProxyType({}),
) -> PageFiles:
    """Return the same for the page whose script is the module at `entry`. Its files are served
    below `prefix`, where those `beside` are, too."""
    served: dict[str, ServedFile] = {}

    def hashed(name: str, data: bytes) -> str:
        file = ServedFile.of(name, data, immutable=True)
        served[hashed_name(name, file)] = file
        served[name] = ServedFile.of(name, data)
        return hashed_name(name, file)

    def copied(found: re.Match[str]) -> str:
        return f'url("{names[found[1]]}")'

    stem = PurePosixPath(entry).stem
    names = {name: hashed(name, FILES[name].plain) for name in (*_FONTS, _TAB_ICON)}
    style = "".join(file.plain.decode() for file in styles)
    style_name = hashed(f"{stem}.css", _URL.sub(copied, without_comments("css", style)).encode())
    script_name = hashed(f"{stem}.js", bundle(entry, modules).encode())
    return PageFiles(
        script=f"{prefix}/{script_name}",
        styles=(f"{prefix}/{style_name}",),
        fonts=tuple(f"{prefix}/{names[font]}" for font in _FONTS),
        tab_icon=f"{prefix}/{names[_TAB_ICON]}",
        served={**beside, **served},
    )


def apart() -> PageFiles:
    """Return each file as it is written, for tests and for who looks at the page's script."""
    return PageFiles(
        script=_ENTRY,
        styles=tuple(f"{PREFIX}/{name}" for name in _STYLES),
        fonts=tuple(f"{PREFIX}/{font}" for font in _FONTS),
        tab_icon=f"{PREFIX}/{_TAB_ICON}",
        served=FILES,
    )


BUNDLED: Final = bundled()
