"""What a link to a kitchen's page brings with it elsewhere: the card of a preview, and oEmbed.

All addresses are those of the operator's public URL. Without one there is no card and no oEmbed: a
host that a request names is not an address to hand on.
"""

import asyncio
import html
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from yarl import URL

from likelight.contract import Summary
from likelight.contract.problem import ProblemType
from likelight.web.http.body import json_answer
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight.web.http.public_site import SELF, PublicSite
from likelight.web.http.reply_headers import RESOURCE_POLICY
from likelight.web.http.static_files import ServedFile
from likelight_cloud.page.languages import RTL, WORDS, LanguageQuery, language_of

Look = Callable[[str], Awaitable[Summary | None]]
"""Returns a kitchen's summary, None while it can't be known; raises the 404 for an unknown one."""

CARD: Final = (1200, 630)
"""Pixels of the card, as the page's head tells them, too."""
_KEPT: Final = 128
"""Cards that are kept, about 40 kB each."""
_DRAWN_WITHIN_S: Final = 20.0
"""One takes 0.3 s on a server, and some seconds on a Zero 2 W."""
_CACHED_S: Final = 3600
_EMBED: Final = (480, 720)
"""Pixels of a frame that holds picture, heart and notes, unless less is asked for."""
_LARGEST: Final = 100_000

_BUSY: Final = {503: "`busy`: the kitchen can't be looked up just now."}


class OEmbedQuery(BaseModel):
    """What a program asks that shows a link."""

    url: str
    format: Literal["json"] = "json"
    maxwidth: Annotated[int, Field(ge=1, le=999_999)] = _LARGEST
    maxheight: Annotated[int, Field(ge=1, le=999_999)] = _LARGEST
    lang: str = ""


class OEmbed(BaseModel):
    """Reply of `GET /oembed`, as oembed.com has it, 1.0."""

    model_config = ConfigDict(frozen=True)

    version: Literal["1.0"] = "1.0"
    type: Literal["rich", "link"]
    title: str
    provider_name: Literal["likelight"] = "likelight"
    provider_url: str
    cache_age: int = _CACHED_S
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None
    html: str | None = None
    width: int | None = None
    height: int | None = None


def page_address(public: URL, kid: str) -> URL:
    """Return where viewers open the kitchen `kid`."""
    return public / "k" / kid


def card_address(public: URL, kid: str, lang: str) -> URL:
    """Return where the kitchen's card is."""
    return page_address(public, kid) / "card.png" % {"lang": lang}


def oembed_address(public: URL, kid: str) -> URL:
    """Return where a program asks how to show the kitchen in another site's page."""
    return public / "oembed" % {"url": str(page_address(public, kid)), "format": "json"}


class Cards:
    """The cards of this server's kitchens, drawn in a thread when they are first asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], ServedFile] = OrderedDict()
        self._drawing = asyncio.Lock()

    async def card(self, name: str, lang: str) -> ServedFile:
        """Return the card of a kitchen called `name` in the language `lang`."""
        async with asyncio.timeout(_DRAWN_WITHIN_S), self._drawing:
            card = self._kept.pop((name, lang), None)
            if card is None:
                card = ServedFile.of("card.png", await asyncio.to_thread(_draw, name, lang))
            self._kept[name, lang] = card
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return card


def sharing_routes(look: Look, site: PublicSite, kid: str) -> list[web.RouteDef]:
    """Return a kitchen's card and `GET /oembed`; `kid` is the pattern of a kitchen's id."""
    cards = Cards()

    @declares(
        Part.PAGES,
        "The drawn card of a link's preview",
        {200: "image/png", 304: None},
        {404: "`kitchen`: there is no such kitchen.", **_BUSY},
        query=LanguageQuery,
    )
    async def card(request: web.Request) -> web.Response:
        summary = await _looked_at(look, request.match_info["kid"])
        try:
            drawn = await cards.card(summary.name, language_of(request))
        except TimeoutError as error:  # many others are drawn before it
            raise _busy("The card can't be drawn just now.") from error
        response = drawn.reply(request)
        response.headers["Cache-Control"] = f"public, max-age={_CACHED_S}"
        response.headers["Vary"] = "Accept-Encoding, Accept-Language"
        response.headers[RESOURCE_POLICY] = "cross-origin"
        return response

    @declares(
        Part.PAGES,
        "How to show a kitchen in another site's page (oembed.com)",
        {200: OEmbed},
        {
            400: "`maxwidth` or `maxheight` is not a number of pixels.",
            404: "`url` is not the address of a kitchen's page under a public URL.",
            501: "Only `format=json` is there.",
            **_BUSY,
        },
        query=OEmbedQuery,
    )
    async def oembed(request: web.Request) -> web.Response:
        if request.query.get("format", "json") != "json":
            raise ProblemError(HTTPStatus.NOT_IMPLEMENTED, "Only format=json is there.")
        public, asked = _kitchen_of(request.query.get("url", ""), site)
        summary = await _looked_at(look, asked)
        answer = json_answer(_described(request, summary, public, site), exclude_none=True)
        answer.headers["Cache-Control"] = f"public, max-age={_CACHED_S}"
        return answer

    return [web.get(f"/k/{kid}/card.png", card), web.get("/oembed", oembed)]


async def _looked_at(look: Look, kid: str) -> Summary:
    summary = await look(kid)
    if summary is None:
        raise _busy("The kitchen can't be looked up just now.")
    return summary


def _busy(what: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{what} Try again in a moment.",
        type=ProblemType.BUSY,
        headers={"Retry-After": "5"},
    )


def _kitchen_of(text: str, site: PublicSite) -> tuple[URL, str]:
    """Return the public URL and the kitchen's id in the address `text` of a page of ours."""
    if not site.public_urls:
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "No public URL is set on this server, so no address is known to be its page's. Its "
            "operator can set one: --public-url of the cloud, web.public_urls of a device.",
        )
    for public in map(URL, site.public_urls):
        prefix = str(public / "k") + "/"
        kid = text.partition("?")[0].removeprefix(prefix)
        if text.startswith(prefix) and "/" not in kid:
            return public, kid
    pages = " or ".join(str(URL(public) / "k" / "KITCHEN") for public in site.public_urls)
    raise ProblemError(
        HTTPStatus.NOT_FOUND, f"url is not the address of a kitchen's page here, {pages}."
    )


def _described(request: web.Request, summary: Summary, public: URL, site: PublicSite) -> OEmbed:
    most = (_most(request, "maxwidth"), _most(request, "maxheight"))
    framed = any(origin != SELF for origin in site.embed_origins)
    about = OEmbed(type="rich" if framed else "link", title=summary.name, provider_url=str(public))
    if CARD[0] <= most[0] and CARD[1] <= most[1]:
        shown = {
            "thumbnail_url": str(card_address(public, summary.kid, language_of(request))),
            "thumbnail_width": CARD[0],
            "thumbnail_height": CARD[1],
        }
        about = about.model_copy(update=shown)
    if not framed:
        return about
    width, height = min(_EMBED[0], most[0]), min(_EMBED[1], most[1])
    frame = (
        f'<iframe src="{html.escape(str(public / "embed" / summary.kid))}"'
        f' title="{html.escape(summary.name)}" width="{width}" height="{height}"'
        ' style="border:0" allow="fullscreen; picture-in-picture; web-share; clipboard-write">'
        "</iframe>"
    )
    return about.model_copy(update={"html": frame, "width": width, "height": height})


def _most(request: web.Request, name: str) -> int:
    text = request.query.get(name, str(_LARGEST))
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 6 and int(text) > 0):
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name} is not a number of pixels.")
    return int(text)


def _draw(name: str, lang: str) -> bytes:
    # Pillow and the fonts come with the first card: a cloud that nobody links to needs neither.
    from likelight_cloud.page.card_drawing import draw_card  # noqa: PLC0415

    words = WORDS[lang]
    return draw_card(name, words["title"], words["description"], rtl=lang in RTL)
