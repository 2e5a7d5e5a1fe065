"""`POST /fleet/wishes`: what an operator asks one kitchen or many for."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from likelight.contract.problem import ProblemType
from likelight.web.http.body import read_fields, unprocessable
from likelight.web.http.declared import FORM, Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.fleet.changes import NOT_ALLOWED, make, not_published
from likelight_cloud.api.fleet.kitchens import document_names, read_fleet
from likelight_cloud.api.fleet.reply import see_other
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.fleet_page.selection import Selection
from likelight_cloud.fleet_page.wish_form import WishForm, wish_of
from likelight_cloud.store.fleet import OWN_NOTES, ChangeState, FleetChange, Wish
from likelight_cloud.store.operators import Operator

AT_ONCE = 20
"""A change to more kitchens than these is made once somebody has typed their number."""
TWICE_WITHIN: Final = timedelta(seconds=30)
"""Two clicks on a button come within this time, also where the first reply is late."""
MOST_FIELDS = 2000
"""More than fit into a form of 16 KiB."""


def wishes_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return what asks devices for something."""

    @declares(
        Part.FLEET,
        "Asks kitchens for something that can only reduce what viewers see",
        {303: None},
        {**NOT_ALLOWED, 422: "The form asks for nothing, or of no kitchen.", **BUSY},
        request=WishForm,
        request_type=FORM,
        operator=True,
    )
    async def post_wishes(request: web.Request) -> web.Response:
        operator = await check.by_changer(request)
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
        await _check_published(cloud, wish)
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
            await make(cloud, change, operator)
        return see_other(f"/fleet/changes/{change.id}")

    return [web.post("/fleet/wishes", post_wishes)]


async def _check_published(cloud: Cloud, wish: Wish) -> None:
    if wish.catalogue not in (None, OWN_NOTES, *await document_names(cloud)):
        raise not_published()


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
