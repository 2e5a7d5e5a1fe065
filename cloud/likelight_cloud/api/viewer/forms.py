"""`POST /k/{kid}`, `/k/{kid}/here` and `/embed/{kid}`: the page's own forms, for browsers without
JavaScript.

A form has the limits of the other ways, and leads back to the page, which then says what became of
it: `?like=` is the total that the like made, `?note=` the note's id, `?wait=` what came too soon.
"""

import uuid
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, ValidationError

from likelight.contract import LikesRequest, NoteCode, NoteRequest, NoteState
from likelight.contract.problem import ProblemType
from likelight.runtime.store_errors import StoreError
from likelight.web.http.body import read_form, unprocessable
from likelight.web.http.declared import FORM, Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.viewer.likes import count_taps
from likelight_cloud.api.viewer.notes import note_status, queue_note
from likelight_cloud.app import CLOUD, IN_KITCHEN
from likelight_cloud.page.kitchen import Became
from likelight_cloud.page.languages import LanguageQuery

_WAITS: Final[Mapping[str, Became]] = {
    "like": {"like": "glowing"},
    "note": {"note": "note_limit"},
    "full": {"note": "note_full"},
}


class Form(BaseModel):
    """One like, whatever its value, or the code of one note."""

    like: str | None = None
    note: NoteCode | None = None


@declares(
    Part.PAGES,
    "A like or a note from the page's own form, for browsers without JavaScript",
    {303: None},
    {
        **IN_KITCHEN,
        422: "`invalid`: the form holds neither, or there is no such note.",
    },
    request=Form,
    request_type=FORM,
    query=LanguageQuery,
)
async def post_form(request: web.Request) -> web.Response:
    """Count one like, or queue one note, and send the browser back to the page."""
    form = await read_form(request)
    if "note" in form:
        told, viewer = await _note(request, form["note"])
    elif "like" in form:
        told, viewer = await _like(request)
    else:
        raise ProblemError(422, "The form holds neither like nor note.", type=ProblemType.INVALID)
    lang = {"lang": request.query["lang"]} if "lang" in request.query else {}
    # Relative, so that it holds behind any proxy. 303: a reload does not send the form again.
    response = web.Response(
        status=303,
        headers={
            "Location": f"{request.rel_url.path}?{urlencode({**lang, **told})}",
            "Cache-Control": "no-store",
        },
    )
    if viewer and not _in_frame(request):
        request.app[CLOUD].viewers.keep(request, response, viewer)
    return response


async def became(request: web.Request) -> Became:
    """Return what became of the form that led to the page that `request` asks for.

    Only its own viewer is told what it has sent: another one who was given the address has liked
    nothing. In a frame nobody is given it.
    """
    cloud = request.app[CLOUD]
    if (waits := _WAITS.get(request.query.get("wait", ""))) is not None:
        return waits  # whose first one came too soon has no token yet
    asked = request.query.keys() & {"like", "note"}
    if not asked or not (_in_frame(request) or cloud.viewers.known(request, cloud.now())):
        return {}
    try:
        if "note" in asked:
            return {"note": await _note_words(request)}
        lit = (await cloud.kitchen(request.match_info["kid"])).summary().lamp.lit_total
    except StoreError:
        return {}
    total = request.query["like"]
    return {"like": "lit" if total.isdecimal() and lit >= int(total[:16]) else "sent"}


def _source(request: web.Request) -> Literal["page", "here"]:
    return "here" if request.path.endswith("/here") else "page"


def _in_frame(request: web.Request) -> bool:
    """Return whether the page is in another site's frame, where nobody gets a cookie."""
    return request.path.startswith("/embed/")


async def _note_words(request: web.Request) -> str:
    status = await note_status(request.app[CLOUD], request.query["note"])
    if status is None:
        return "note_lost"
    queued = status.state in (NoteState.QUEUED, NoteState.DELIVERED)
    return "sent" if queued else status.state.value


async def _like(request: web.Request) -> tuple[dict[str, str], str | None]:
    taps = LikesRequest(n=1, batch=str(uuid.uuid4()), source=_source(request))
    try:
        reply, viewer = await count_taps(request, taps)
    except ProblemError as error:
        return _too_soon(error, "like"), None
    return {"like": str(reply.total)}, viewer


async def _note(request: web.Request, code: str) -> tuple[dict[str, str], str | None]:
    try:
        asked = NoteRequest(code=code, source=_source(request))
    except ValidationError as error:
        raise unprocessable(error) from error
    try:
        note, viewer = await queue_note(request, asked, str(uuid.uuid4()))
    except ProblemError as error:
        return _too_soon(error, "note"), None
    return {"note": note.id}, viewer


def _too_soon(error: ProblemError, what: str) -> dict[str, str]:
    if error.problem.type == ProblemType.FULL:
        return {"wait": "full"}
    if error.problem.type != ProblemType.LIMIT:
        raise error
    return {"wait": what}
