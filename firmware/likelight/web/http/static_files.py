"""Files that the pages are made of: read once at import, then served from memory."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight.web.http.encoding import accepts_gzip
from likelight.web.http.reply_headers import PAGE_POLICY

# Python's own table of types depends on the machine's /etc/mime.types; a module script with a
# wrong type does not run, so the few types that a page has are named here.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_IMMUTABLE = "public, max-age=31536000, immutable"
_HASH = re.compile(r"\.[0-9a-f]{16}\.")
_PACKED = {".woff2", ".png", ".ico"}


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file in memory, plain and gzipped, with a strong ETag for each."""

    content_type: str
    plain: bytes
    packed: bytes | None
    tag: str
    caching: str

    @classmethod
    def of(cls, name: str, data: bytes, *, immutable: bool = False) -> "ServedFile":
        """Take `data` as the file `name`. Raises `KeyError` for a suffix that no page has.

        `immutable` is for an address that has no other content ever: browsers keep it for a year.
        """
        suffix = Path(name).suffix
        packed = None if suffix in _PACKED else gzip.compress(data, mtime=0)
        tag = hashlib.sha256(data).hexdigest()[:16]
        return cls(_TYPES[suffix], data, packed, tag, _IMMUTABLE if immutable else "no-cache")

    def reply(self, request: web.Request) -> web.Response:
        """Answer a GET: 304 when the browser has this very file, else the file."""
        packed = self.packed if accepts_gzip(request) else None
        tag = f"{self.tag}-gz" if packed else self.tag
        headers = {
            "Cache-Control": self.caching,
            "Content-Security-Policy": PAGE_POLICY,
            "Vary": "Accept-Encoding",
            "ETag": f'"{tag}"',
        }
        if any(known.value in (tag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = self.content_type
        if packed is not None:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=self.plain if packed is None else packed, headers=headers)


def hashed_name(name: str, file: ServedFile) -> str:
    """Return `name` with the hash of `file` in it: `kitchen.0123456789abcdef.js`."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{file.tag}.{suffix}"


def read_folder(folder: Path) -> dict[str, ServedFile]:
    """Read every file that a page may have from `folder`, by name."""
    return {
        path.name: ServedFile.of(path.name, path.read_bytes())
        for path in sorted(folder.iterdir())
        if path.suffix in _TYPES
    }


def static_route(prefix: str, files: Mapping[str, ServedFile]) -> web.RouteDef:
    """Return the route `GET {prefix}/{name}`; a name that is not there is 404.

    `files` may have a name with a hash (`hashed_name`) and the same without. A hash of another
    version's gets the latter: while servers are upgraded one by one, the page may be of one and
    what it asks for of the other.
    """

    @declares(
        Part.PAGES,
        "A file that the pages are made of",
        dict.fromkeys((200, 304)),
        {404: "There is no such file."},
    )
    async def handler(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        file = files.get(name) or files.get(_HASH.sub(".", name))
        if file is None:
            raise web.HTTPNotFound
        return file.reply(request)

    return web.get(f"{prefix}/{{name}}", handler)


def page_route(path: str, page: ServedFile) -> web.RouteDef:
    """Return the route `GET {path}` for an HTML page."""

    kind, _, _ = page.content_type.partition(";")

    @declares(Part.PAGES, path.strip("/"), {200: kind, 304: None})
    async def handler(request: web.Request) -> web.Response:
        return page.reply(request)

    return web.get(path, handler)
