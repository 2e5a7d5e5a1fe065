"""`GET /v1/catalogue?lang=`: the prepared notes in one language."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from likelight.assets.catalogue import DEFAULT
from likelight.contract import Catalogue
from likelight.web.http.body import unprocessable
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.viewer.summary import tagged
from likelight_cloud.app import BUSY, CLOUD


class CatalogueQuery(BaseModel):
    """The language of the notes, as a tag such as de-AT; English for one without notes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lang: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$")] = (
        DEFAULT
    )


@declares(
    Part.VIEWER,
    "The prepared notes in one language",
    {200: Catalogue, 304: None},
    {**BUSY, 422: "`invalid`: `lang` is not a language tag."},
    query=CatalogueQuery,
)
async def get_catalogue(request: web.Request) -> web.Response:
    """Return the notes in the language that `lang` names, or in English."""
    try:
        query = CatalogueQuery.model_validate(dict(request.query))
    except ValidationError as error:
        raise unprocessable(error) from error
    notes = request.app[CLOUD].notes.load(query.lang)
    response = web.Response(
        body=notes.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )
    return tagged(request, response, f"{notes.lang}-{notes.version}")
