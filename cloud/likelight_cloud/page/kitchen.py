"""The page of one kitchen as it is now, in the reader's language.

Name, state, badge, total and notes stand in the HTML: a reader sees them before any script has
come, and nothing moves when it takes over.
"""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

from aiohttp import web
from markupsafe import Markup, escape
from yarl import URL

from likelight.assets.catalogue import Notes
from likelight.assets.plurals import category, category_of_band
from likelight.contract import Catalogue, State, Summary
from likelight.web.http.look_files import symbols
from likelight.web.http.public_site import PublicSite
from likelight.web.http.reply_headers import page_policy
from likelight.web.http.static_files import ServedFile
from likelight_cloud.page.files import PageFiles
from likelight_cloud.page.hours import hours_words
from likelight_cloud.page.languages import WORDS, by_language, context, language_of, number
from likelight_cloud.page.sharing import card_address, oembed_address, page_address
from likelight_cloud.page.templates import KITCHEN

Place = Literal["page", "here", "embed"]
"""With a picture; for guests in the house, who have none; in a frame of another site's page."""

Became = Mapping[Literal["like", "note", "ask"], str]
"""What became of a viewer's like and note, and what a link lets the page ask of this viewer: the
key of the words that say it."""

_KEPT: Final = 128
"""Pages that are kept as they were last made, about 30 kB each: of a busy kitchen each language is
rendered once for each change, however many open it."""

_SYMBOLS: Final = Markup(symbols(prefix="i-"))  # noqa: S704  our own drawings

_ON_AIR: Final = (State.LIVE, State.IDLE, State.INTERRUPTED)
"""States in which the page is about a picture."""

# The icon that says the same as the state's words; `MARKS` in static/state.js is the same table.
_MARKS: Final = {
    State.LIVE: "dot",
    State.IDLE: "camera",
    State.PRIVATE: "camera_crossed",
    State.CLOSED: "clock",
    State.FAULT: "wrench",
    State.OFF: "camera_crossed",
    State.OFFLINE: "cloud_crossed",
    State.INTERRUPTED: "cloud_crossed",
}
# As `NOTE_MARKS` in static/receipts.js, and what that shows beside them.
_BECAME: Final = {
    "sent": "check",
    "lit": "lamp",
    "glowing": "heart",
    "note_limit": "clock",
    "note_full": "clock",
    "held": "clock",
    "shown": "star",
    "thanked": "hands",
    "expired": "clock",
    "note_lost": "cloud_crossed",
}


_SENTENCES: Final = re.compile(r"(.+?[.。])(\s*)(.+)", re.DOTALL)


class KitchenPages:
    """The page at every `place` for every kitchen of this server.

    `look` returns the summary of a kitchen, or None while nobody can know; it raises the 404 for a
    kitchen that does not exist. `notes_of` returns what viewers may send to it. `became` returns
    what became of the form that led to the page, for browsers without JavaScript.
    `site` says who may frame the page of the place "embed"; nobody may frame another.
    """

    def __init__(
        self,
        look: Callable[[str], Awaitable[Summary | None]],
        notes_of: Callable[[Summary | None], Awaitable[Notes]],
        became: Callable[[web.Request], Awaitable[Became]],
        site: PublicSite,
        files: PageFiles,
    ) -> None:
        self._look = look
        self._became = became
        self._site = site
        self._framed = page_policy(site.framed_by)
        self._files = files
        self._notes_of = notes_of
        self._kept: OrderedDict[tuple[str, ...], ServedFile] = OrderedDict()

    async def reply(self, request: web.Request, place: Place) -> web.Response:
        """Answer with the kitchen's page as it is now."""
        summary = await self._look(request.match_info["kid"])
        lang = language_of(request)
        public = self._site.address_of(request.host)
        became = await self._became(request)
        notes = (await self._notes_of(summary)).load(lang)
        # The page does not tell the time of the request, so that it is the same until news come.
        told = "" if summary is None else summary.model_dump_json(exclude={"server_time"})
        key = (place, lang, told, notes.version, str(public), str(sorted(became.items())))
        page = self._kept.pop(key, None)
        if page is None:
            html = self._render(place, lang, summary, notes, public, became)
            page = ServedFile.of("page.html", html.encode())
        self._kept[key] = page
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        response = by_language(request, page)
        if became or "moment" in request.query:
            response.headers["Cache-Control"] = "no-store"
        if place == "embed":
            response.headers["Content-Security-Policy"] = self._framed
        if place != "page":
            response.headers["X-Robots-Tag"] = "noindex"
        return response

    def _render(
        self,
        place: Place,
        lang: str,
        summary: Summary | None,
        notes: Catalogue,
        public: URL | None,
        became: Became,
    ) -> str:
        words = WORDS[lang]
        said = {
            kind: words[key].replace("{when}", words["shortly"]) for kind, key in became.items()
        }
        moment = summary and summary.moment
        ask = became.get("ask", f"ask_{moment.kind}" if moment else "hint")
        return KITCHEN.render(
            **context(lang, words),
            **_head(place, words, summary),
            **_state(place, words, summary),
            **_counted(lang, words, summary),
            ask=words[ask],
            **_addresses(public, lang, summary),
            **hours_words(lang, words, summary),
            parted=parted,
            became={
                kind: (_BECAME[key], said[kind]) for kind, key in became.items() if kind != "ask"
            },
            place=place,
            files=self._files,
            symbols=_SYMBOLS,
            notes=notes,
            summary=summary and summary.model_dump(mode="json", exclude={"server_time"}),
            total_words=summary and number(lang, summary.likes.total),
        )


def parted(said: str) -> tuple[str, str, str]:
    """Return the first sentence of `said`, which is drawn into the window, what separates it from
    the rest, and the rest; `parted` in static/state.js does the same. When a closed kitchen opens
    is one with what follows."""
    found = _SENTENCES.fullmatch(said)
    if found is None or "<time" in said:
        return said, "", ""
    what, between, rest = found.groups()
    return type(said)(what), between, type(said)(rest)


def _head(place: Place, words: Mapping[str, str], summary: Summary | None) -> dict[str, str]:
    if summary is None:
        return {"kitchen_name": words["kitchen"], "head_title": words["title"]}
    named = summary.name
    # A closed or private kitchen is not live; `told` in static/kitchen.js does the same.
    if place != "here" and summary.state in _ON_AIR:
        named = words["named"].replace("{name}", summary.name)
    return {"kitchen_name": summary.name, "head_title": named}


def _counted(lang: str, words: Mapping[str, str], summary: Summary | None) -> dict[str, str]:
    """Return the words beside the total of likes and the band of viewers, in their forms."""
    likes = watching = "other"
    if summary is not None:
        likes = category(lang, summary.likes.total)
        watching = category_of_band(lang, summary.viewers.band or "")
    return {"likes": words[f"likes_{likes}"], "watching": words[f"watching_{watching}"]}


def _addresses(public: URL | None, lang: str, summary: Summary | None) -> dict[str, str]:
    """Return where the page, its card and its oEmbed are for others; empty where nobody knows."""
    if public is None or summary is None:
        return {"address": "", "card_address": "", "oembed_address": ""}
    return {
        "address": str(page_address(public, summary.kid)),
        "card_address": str(card_address(public, summary.kid, lang)),
        "oembed_address": str(oembed_address(public, summary.kid)),
    }


def _state(place: Place, words: Mapping[str, str], summary: Summary | None) -> dict[str, str]:
    """Return how the kitchen is, as `wordsOf` in static/state.js says it."""
    state = "connecting" if summary is None else summary.state.value
    if place == "here" and (summary is None or summary.state in (State.LIVE, State.IDLE)):
        return {"state": state, "mark": "hands", "state_words": words["here"]}
    if summary is None or summary.state is State.IDLE:
        return {"state": state, "mark": "camera", "state_words": words["waking"]}
    said = escape(words[state])
    if summary.opens_at is not None and summary.state is State.CLOSED:
        # The reader's time zone is known to the browser only; until its script says the time, this
        # keeps the place. Without a script it is read as it stands.
        when = Markup('<time class="when">{:%Y-%m-%d %H:%M} UTC</time>')
        said = escape(words["opens"]).replace("{when}", when.format(summary.opens_at))
    return {"state": state, "mark": _MARKS[summary.state], "state_words": said}
