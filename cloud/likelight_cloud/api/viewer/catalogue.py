"""`GET /v1/catalogue?lang=`: the prepared notes in one language."""

import re

from aiohttp import web

from likelight.assets.catalogue import DEFAULT
from likelight.problem import FieldError, ProblemType
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.viewer.summary import tagged
from likelight_cloud.app import CLOUD

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


async def get_catalogue(request: web.Request) -> web.Response:
    """Return the notes in the language that `lang` names, or in English."""
    lang = request.query.get("lang", DEFAULT)
    if not TAG.fullmatch(lang):
        raise ProblemError(
            422,
            "lang: this is not a language tag. Send en, or de-AT, for example.",
            type=ProblemType.INVALID,
            errors=(FieldError(field="lang", detail="not a language tag"),),
        )
    notes = request.app[CLOUD].notes.load(lang)
    response = web.Response(
        body=notes.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )
    return tagged(request, response, f"{notes.lang}-{notes.version}")
