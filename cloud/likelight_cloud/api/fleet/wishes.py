"""`POST /fleet/wishes`, and what becomes of a change: confirmed where it is large, undone for 10
minutes."""

import hashlib
import json
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likelight.contract.problem import ProblemType
from likelight.web.http.body import read_fields, read_form, unprocessable
from likelight.web.http.declared import FORM, Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.fleet.kitchens import read_fleet
from likelight_cloud.api.fleet.reply import page, see_other
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.fleet_page import templates
from likelight_cloud.fleet_page.selection import Selection
from likelight_cloud.fleet_page.wish_form import NumberForm, WishForm, in_words, wish_of
from likelight_cloud.store.base import storable
from likelight_cloud.store.fleet import UNDONE_WITHIN, ChangeState, FleetChange
from likelight_cloud.store.operators import Operator, Role

log = logging.getLogger(__name__)

AT_ONCE = 20
"""A change to more kitchens than these is made once somebody has typed their number."""
TWICE_WITHIN: Final = timedelta(seconds=30)
"""Two clicks on a button come within this time, also where the first reply is late."""
MOST_FIELDS = 2000
"""More than fit into a form of 16 KiB."""

_GONE = {404: "There is no such change, or it can no longer be undone, and was forgotten."}
_NOT_ALLOWED = {403: "A page of another site asked a browser for this, or this is a reader."}


class ChangeQuery(BaseModel):
    """What became of the form that led here."""

    model_config = ConfigDict(extra="ignore")

    wrong: str = Field(default="", description="set where another number was typed")


def wishes_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return what asks devices for something, confirms it and undoes it."""

    async def changer(request: web.Request) -> Operator:
        operator = await check.by_page(request)
        if operator.role is not Role.OPERATOR:
            raise ProblemError(
                403, f"{operator.name} may see the fleet, and change nothing. Ask an operator."
            )
        return operator

    @declares(
        Part.FLEET,
        "Asks kitchens for something that can only reduce what viewers see",
        {303: None},
        {**_NOT_ALLOWED, 422: "The form asks for nothing, or of no kitchen.", **BUSY},
        request=WishForm,
        request_type=FORM,
        operator=True,
    )
    async def post_wishes(request: web.Request) -> web.Response:
        operator = await changer(request)
        fields = await read_fields(request, MOST_FIELDS)
        form = dict(fields)
        cloud = request.app[CLOUD]
        try:
            wish = wish_of(form)
        except ValueError as error:
            raise ProblemError(422, str(error), type=ProblemType.INVALID) from error
        if "all" in form:
            kids = await _listed(cloud, form)
        else:
            chosen = {value for name, value in fields if name == "k"}
            kids = [it.kid for it in await cloud.store.kitchens() if it.kid in chosen]
        if not kids:
            raise ProblemError(
                422, "Choose at least one kitchen, or all of the list.", type=ProblemType.INVALID
            )
        now = cloud.now()
        change = FleetChange(
            id=await _id_of(cloud, operator, fields, now),
            who=operator.name,
            at=now,
            wish=wish,
            kitchens=dict.fromkeys(kids),
        )
        await cloud.store.fleet.ask(change, now)
        if len(kids) <= AT_ONCE:
            await _make(cloud, change, operator)
        return see_other(f"/fleet/changes/{change.id}")

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
            wish=in_words(change.wish),
            until=change.at + UNDONE_WITHIN,
            ended=change.ended(cloud.now()),
            wrong="wrong" in request.query,
        )

    @declares(
        Part.FLEET,
        "Confirms a change to more than 20 kitchens by their number",
        {303: None},
        {**_NOT_ALLOWED, **_GONE, 422: "The form has no number.", **BUSY},
        request=NumberForm,
        request_type=FORM,
        operator=True,
    )
    async def post_change(request: web.Request) -> web.Response:
        operator = await changer(request)
        change = await _found(request)
        form = await read_form(request)
        if "number" not in form:
            raise ProblemError(422, "The form has no number.", type=ProblemType.INVALID)
        typed = form["number"].strip()
        if typed != str(_number(change)):
            return see_other(f"/fleet/changes/{change.id}?wrong=1")
        await _make(request.app[CLOUD], change, operator)
        return see_other(f"/fleet/changes/{change.id}")

    @declares(
        Part.FLEET,
        "Undoes a change, for 10 minutes",
        {303: None},
        {**_NOT_ALLOWED, **_GONE, **BUSY},
        operator=True,
    )
    async def post_undo(request: web.Request) -> web.Response:
        operator = await changer(request)
        cloud, change = request.app[CLOUD], await _found(request)
        await cloud.store.fleet.advance(
            change.id, change.kitchens, FleetChange.undone, who=operator.name, at=cloud.now()
        )
        number = _number(change)
        log.info("The operator %s has undone a change to %d kitchens", operator.name, number)
        return see_other(f"/fleet/changes/{change.id}")

    return [
        web.post("/fleet/wishes", post_wishes),
        web.get("/fleet/changes/{id}", get_change),
        web.post("/fleet/changes/{id}", post_change),
        web.post("/fleet/changes/{id}/undo", post_undo),
    ]


async def _id_of(
    cloud: Cloud, operator: Operator, fields: Sequence[tuple[str, str]], now: datetime
) -> str:
    """Return the id of the change that a form asks for: of one that is sent twice the same, or the
    undo of the second would bring back what the first has asked for."""
    if "once" in dict(fields):
        told = json.dumps([operator.name, *fields])
        id = hashlib.sha256(told.encode()).hexdigest()[:32]
        known = await cloud.store.fleet.change(id)
        if known is None:
            return id
        if known.state is not ChangeState.UNDONE and now - known.at < TWICE_WITHIN:
            return id
    return secrets.token_urlsafe(16)


async def _listed(cloud: Cloud, form: dict[str, str]) -> list[str]:
    """Return the ids of the kitchens of the list that the form was sent from, as it is now."""
    try:
        asked = {name: form[name] for name in ("show", "q") if form.get(name)}
        selection = Selection.model_validate(asked)
    except ValidationError as error:
        raise unprocessable(error) from error
    return [it.kid for it in selection.of(await read_fleet(cloud))]


async def _found(request: web.Request) -> FleetChange:
    id = request.match_info["id"]
    change = await request.app[CLOUD].store.fleet.change(id) if storable(id) else None
    if change is None:
        raise ProblemError(404, "There is no such change, or it is older than 10 minutes.")
    return change


async def _make(cloud: Cloud, change: FleetChange, operator: Operator) -> None:
    await cloud.store.fleet.advance(
        change.id, change.kitchens, FleetChange.made, who=operator.name, at=cloud.now()
    )
    log.info("The operator %s has asked %d kitchens for something", operator.name, _number(change))


def _number(change: FleetChange) -> int:
    return len(change.kitchens)
