"""What browsers, search engines and home screens ask for beside the pages."""

import json
from typing import Final

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight.web.http.static_files import ServedFile, page_route
from likelight_cloud.page.languages import WORDS, LanguageQuery, in_readers_language

_ROBOTS: Final = ServedFile.of(
    "robots.txt",
    b"""User-agent: *
Allow: /k/
Disallow: /k/*/hls/
Disallow: /k/*/live.mp4
Disallow: /k/*/snapshot.jpg
Disallow: /k/*/stream
Disallow: /k/*/ws
Disallow: /fleet
Disallow: /v1/
""",
)


def _manifest(lang: str) -> ServedFile:
    # Without a start_url the page starts that was put on the home screen: this kitchen's.
    icons = [
        {"src": f"/static/page/{name}", "sizes": f"{size}x{size}", "type": "image/png"}
        for name, size in (("touch.png", 180), ("icon-512.png", 512))
    ]
    manifest = {
        "name": WORDS[lang]["title"],
        "description": WORDS[lang]["description"],
        "lang": lang,
        "display": "standalone",
        "background_color": "#171411",
        "theme_color": "#171411",
        "icons": icons,
    }
    return ServedFile.of("kitchen.webmanifest", json.dumps(manifest, ensure_ascii=False).encode())


def around_routes(favicon: ServedFile) -> list[web.RouteDef]:
    """Return `/robots.txt`, `/favicon.ico` and `/kitchen.webmanifest`."""
    manifests = {lang: _manifest(lang) for lang in WORDS}

    @declares(
        Part.PAGES,
        "What the page is on a home screen",
        {200: "application/manifest+json", 304: None},
        query=LanguageQuery,
    )
    async def manifest(request: web.Request) -> web.Response:
        return in_readers_language(request, manifests)

    return [
        page_route("/robots.txt", _ROBOTS),
        page_route("/favicon.ico", favicon),
        web.get("/kitchen.webmanifest", manifest),
    ]
