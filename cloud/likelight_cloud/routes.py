"""The addresses of the contract, and what they answer while the store is closed or failing."""

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.contract import KITCHEN_ID
from likelight.contract.problem import ProblemType
from likelight.runtime.store_errors import StoreError
from likelight.web.http.connection_guard import IS_DEVICE
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.device.events import get_events
from likelight_cloud.api.device.status import post_status
from likelight_cloud.api.viewer.catalogue import get_catalogue, get_kitchen_catalogue
from likelight_cloud.api.viewer.forms import post_form
from likelight_cloud.api.viewer.hours import get_hours
from likelight_cloud.api.viewer.likes import post_likes
from likelight_cloud.api.viewer.live import get_live
from likelight_cloud.api.viewer.me import delete_me, get_me
from likelight_cloud.api.viewer.notes import get_note, post_note
from likelight_cloud.api.viewer.summary import get_summary
from likelight_cloud.api.viewer.watching import post_watching
from likelight_cloud.app import CLOUD, Cloud, no_kitchen
from likelight_cloud.store.base import NoKitchenError, OutcomeUnknownError

_PAGE = f"/k/{{kid:{KITCHEN_ID}}}"

ROUTES = (
    web.get("/v1/kitchens/{kid}/events", get_events, allow_head=False),
    web.post("/v1/kitchens/{kid}/status", post_status),
    web.get("/v1/kitchens/{kid}", get_summary),
    web.get("/v1/kitchens/{kid}/live", get_live),
    web.post("/v1/kitchens/{kid}/likes", post_likes),
    web.post("/v1/kitchens/{kid}/notes", post_note),
    web.post("/v1/kitchens/{kid}/watching", post_watching),
    web.get("/v1/notes/{id}", get_note),
    web.get("/v1/catalogue", get_catalogue),
    web.get("/v1/kitchens/{kid}/catalogue", get_kitchen_catalogue),
    web.get(f"{_PAGE}/hours.ics", get_hours),
    web.post(_PAGE, post_form),
    web.post(f"{_PAGE}/here", post_form),
    web.post(f"/embed/{{kid:{KITCHEN_ID}}}", post_form),
    web.get("/v1/me", get_me),
    web.delete("/v1/me", delete_me),
)


def mount(cloud: Cloud, app: web.Application) -> None:
    """Put the cloud into `app`, which `new_application` made."""
    app[CLOUD] = cloud
    app[IS_DEVICE] = cloud.is_device
    app.middlewares.append(only_while_ready)
    app.add_routes(ROUTES)


@web.middleware
async def only_while_ready(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 503 for the cloud's own addresses while its store is closed or failing."""
    own = request.match_info.handler in (post_form, get_hours)
    if not own and not request.path.startswith(("/v1/", "/fleet")):
        return await handler(request)
    if not request.app[CLOUD].ready.is_set():
        raise ProblemError(
            503,
            "The cloud is starting. Try again in a second.",
            type=ProblemType.BUSY,
            headers={"Retry-After": "1"},
        )
    try:
        with request.app[CLOUD].answering:
            return await handler(request)
    except NoKitchenError as error:  # removed meanwhile
        raise no_kitchen(error.args[0]) from error
    except OutcomeUnknownError as error:
        raise ProblemError(
            503,
            "The database has not confirmed this yet, and may still keep it. Send the same request "
            "again in a moment.",
            type=ProblemType.BUSY,
            headers={"Retry-After": "5"},
        ) from error
    except StoreError as error:
        raise ProblemError(
            503,
            "The cloud cannot reach its database just now. Send the request again in a moment.",
            type=ProblemType.BUSY,
            headers={"Retry-After": "5"},
        ) from error
