"""`GET /v1/catalogue?lang=` and `GET /v1/kitchens/{kid}/catalogue?lang=`: the prepared notes in one
language, the cloud's own and those that a kitchen shows."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from likelight.assets.catalogue import DEFAULT, Notes
from likelight.contract import Catalogue
from likelight.web.http.body import unprocessable
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.viewer.summary import tagged
from likelight_cloud.app import BUSY, CLOUD, IN_KITCHEN


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
    return _answered(request, request.app[CLOUD].offered.own, query.lang)


@declares(
    Part.VIEWER,
    "The prepared notes that this kitchen shows, in one language",
    {200: Catalogue, 304: None},
    {**IN_KITCHEN, 422: "`invalid`: `lang` is not a language tag."},
    query=CatalogueQuery,
)
async def get_kitchen_catalogue(request: web.Request) -> web.Response:
    """Return the notes that a viewer may send to this kitchen now."""
    try:
        query = CatalogueQuery.model_validate(dict(request.query))
    except ValidationError as error:
        raise unprocessable(error) from error
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    return _answered(request, await cloud.offered.of(kitchen.catalogue), query.lang, max_age=1)


def _answered(
    request: web.Request, offered: Notes, lang: str, *, max_age: int = 300
) -> web.Response:
    notes = offered.load(lang)
    response = web.Response(
        body=notes.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": f"public, max-age={max_age}"},
    )
    return tagged(request, response, f"{notes.lang}-{notes.version}")
