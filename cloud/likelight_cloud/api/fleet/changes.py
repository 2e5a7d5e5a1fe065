"""`/fleet/changes/{id}`: what becomes of a change, confirmed where it is large, undone for 10
minutes."""

import logging

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from likelight.contract.problem import ProblemType
from likelight.web.http.body import read_form
from likelight.web.http.declared import FORM, Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.fleet.kitchens import document_names
from likelight_cloud.api.fleet.reply import page, see_other
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.fleet_page import templates
from likelight_cloud.fleet_page.wish_form import NumberForm, in_words
from likelight_cloud.store.base import storable
from likelight_cloud.store.catalogues import CatalogueUnknownError
from likelight_cloud.store.fleet import UNDONE_WITHIN, FleetChange, Step
from likelight_cloud.store.operators import Operator

log = logging.getLogger(__name__)

NOT_ALLOWED = {403: "A page of another site asked a browser for this, or this is a reader."}
_GONE = {404: "There is no such change, or it can no longer be undone, and was forgotten."}
_NOT_PUBLISHED = "The notes of this change are not published any more."


class ChangeQuery(BaseModel):
    """What became of the form that led here."""

    model_config = ConfigDict(extra="ignore")

    wrong: str = Field(default="", description="set where another number was typed")


def changes_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return what shows a change, confirms it and undoes it."""

    @declares(
        Part.FLEET,
        "What becomes of a change",
        {200: "text/html", 303: None},
        {**_GONE, **BUSY},
        query=ChangeQuery,
        operator=True,
    )
    async def get_change(request: web.Request) -> web.Response:
        operator = await check.by_page(request)
        cloud = request.app[CLOUD]
        change = await _found(request)
        return page(
            templates.CHANGE,
            operator=operator,
            change=change,
            number=_number(change),
            wish=in_words(change.wish, await document_names(cloud)),
            until=change.at + UNDONE_WITHIN,
            ended=change.ended(cloud.now()),
            wrong="wrong" in request.query,
        )

    @declares(
        Part.FLEET,
        "Confirms a change to more than 20 kitchens by their number",
        {303: None},
        {**NOT_ALLOWED, **_GONE, 422: f"The form has no number. {_NOT_PUBLISHED}", **BUSY},
        request=NumberForm,
        request_type=FORM,
        operator=True,
    )
    async def post_change(request: web.Request) -> web.Response:
        operator = await check.by_changer(request)
        change = await _found(request)
        form = await read_form(request)
        if "number" not in form:
            raise ProblemError(422, "The form has no number.", type=ProblemType.INVALID)
        typed = form["number"].strip()
        if typed != str(_number(change)):
            return see_other(f"/fleet/changes/{change.id}?wrong=1")
        await make(request.app[CLOUD], change, operator)
        return see_other(f"/fleet/changes/{change.id}")

    @declares(
        Part.FLEET,
        "Undoes a change, for 10 minutes",
        {303: None},
        {**NOT_ALLOWED, **_GONE, 422: _NOT_PUBLISHED, **BUSY},
        operator=True,
    )
    async def post_undo(request: web.Request) -> web.Response:
        operator = await check.by_changer(request)
        cloud, change = request.app[CLOUD], await _found(request)
        await _advance(cloud, change, FleetChange.undone, operator)
        number = _number(change)
        log.info("The operator %s has undone a change to %d kitchens", operator.name, number)
        return see_other(f"/fleet/changes/{change.id}")

    return [
        web.get("/fleet/changes/{id}", get_change),
        web.post("/fleet/changes/{id}", post_change),
        web.post("/fleet/changes/{id}/undo", post_undo),
    ]


async def make(cloud: Cloud, change: FleetChange, operator: Operator) -> None:
    """Have the kitchens of a change asked for it, all or none."""
    await _advance(cloud, change, FleetChange.made, operator)
    log.info("The operator %s has asked %d kitchens for something", operator.name, _number(change))


def not_published() -> ProblemError:
    """Return what is said of notes that somebody has removed meanwhile."""
    return ProblemError(
        422,
        "These notes are not published any more. Open the fleet's page again, and choose others.",
        type=ProblemType.INVALID,
    )


async def _advance(cloud: Cloud, change: FleetChange, step: Step, operator: Operator) -> None:
    try:
        await cloud.store.fleet.advance(
            change.id, change.kitchens, step, who=operator.name, at=cloud.now()
        )
    except CatalogueUnknownError as error:
        raise not_published() from error


async def _found(request: web.Request) -> FleetChange:
    id = request.match_info["id"]
    change = await request.app[CLOUD].store.fleet.change(id) if storable(id) else None
    if change is None:
        raise ProblemError(404, "There is no such change, or it is older than 10 minutes.")
    return change


def _number(change: FleetChange) -> int:
    return len(change.kitchens)
