"""The addresses for operators. Only a cloud on a server has them, never one inside a device."""

from aiohttp import web
from aiohttp.typedefs import Middleware

from likelight_cloud.api.fleet.changes import changes_routes
from likelight_cloud.api.fleet.kitchens import kitchens_routes
from likelight_cloud.api.fleet.login import login_routes
from likelight_cloud.api.fleet.notes import notes_routes
from likelight_cloud.api.fleet.overview import overview_routes
from likelight_cloud.api.fleet.reply import for_operators
from likelight_cloud.api.fleet.report import report_routes
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.api.fleet.wishes import wishes_routes


def mount_fleet(app: web.Application, operator_header: str | None, *, around: Middleware) -> None:
    """Put the fleet into `app`, in which the cloud is, and its words around those of the middleware
    `around`. In `operator_header`, where it is set, listed proxies name the operator who asks."""
    check = OperatorCheck(operator_header)
    app.middlewares.insert(app.middlewares.index(around), for_operators)
    for routes in (
        login_routes,
        overview_routes,
        report_routes,
        kitchens_routes,
        wishes_routes,
        changes_routes,
        notes_routes,
    ):
        app.add_routes(routes(check))
