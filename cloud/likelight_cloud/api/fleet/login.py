"""`/fleet/login` and `/fleet/logout`: an operator's token becomes a session, which ends again."""

import logging

from aiohttp import web
from pydantic import BaseModel, Field

from likelight.web.http.body import read_form
from likelight.web.http.declared import FORM, Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.fleet.reply import page, see_other
from likelight_cloud.api.fleet.who import LOGIN, OperatorCheck, is_private
from likelight_cloud.app import BUSY, CLOUD
from likelight_cloud.fleet_page import templates

log = logging.getLogger(__name__)


class LoginForm(BaseModel):
    """What an operator types."""

    token: str = Field(min_length=1)


class LoginQuery(BaseModel):
    """What became of the form that led here."""

    wrong: str = ""


def login_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return the page that takes a token, and what begins and ends a session."""

    @declares(Part.FLEET, "Where an operator logs in", {200: "text/html"}, BUSY, query=LoginQuery)
    async def get_login(request: web.Request) -> web.Response:
        wrong = "wrong" in request.query
        return page(templates.LOGIN, private=is_private(request), wrong=wrong)

    @declares(
        Part.FLEET,
        "An operator's token becomes a session of 12 hours, a cookie",
        {303: None},
        {
            422: "The form holds no token.",
            429: "`limit`: more than 5 logins a minute failed from one address.",
            **BUSY,
        },
        request=LoginForm,
        request_type=FORM,
    )
    async def post_login(request: web.Request) -> web.Response:
        token = (await read_form(request)).get("token", "").strip()
        if not token:
            raise ProblemError(422, "The form holds no token. Type the one that you were given.")
        cloud = request.app[CLOUD]
        operator = await check.with_token(request, token)
        if operator is None:
            return see_other(f"{LOGIN}?wrong=1")
        log.info("The operator %s has logged in", operator.name)
        response = see_other("/fleet")
        cloud.sessions.begin(response, operator, cloud.now())
        return response

    @declares(Part.FLEET, "The session of this browser ends", {303: None}, BUSY)
    async def post_logout(request: web.Request) -> web.Response:
        response = see_other(LOGIN)
        request.app[CLOUD].sessions.end(response)
        return response

    return [
        web.get(LOGIN, get_login),
        web.post(LOGIN, post_login),
        web.post("/fleet/logout", post_logout),
    ]
