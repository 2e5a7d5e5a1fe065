"""`POST /v1/kitchens/{kid}/status`: what a device says about itself, and its receipts."""

from datetime import datetime
from typing import TypeVar

from aiohttp import web

from likelight.contract import Status, StatusReply
from likelight.contract.problem import ProblemType
from likelight.web.http.body import json_answer
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.device.admitted import read_admitted
from likelight_cloud.app import CLOUD, IN_KITCHEN

Moment = TypeVar("Moment", datetime, datetime | None)


@declares(
    Part.DEVICE,
    "What a device says about itself, and its receipts",
    {200: StatusReply},
    {**IN_KITCHEN, 409: "`superseded`: this start of the device has not polled last."},
    request=Status,
    token=True,
)
async def post_status(request: web.Request) -> web.Response:
    """Keep a status; answer with the state that the cloud wants (`desired`)."""
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    kid = kitchen.record.kid
    status, _ = await read_admitted(request, kitchen, Status, counts=True)
    if status.boot_id != kitchen.starts.newest:
        raise ProblemError(
            409,
            f"This start of the device has not polled the kitchen {kid} last; it says nothing "
            "until it has. Poll first, with the boot_id of the status.",
            type=ProblemType.SUPERSEDED,
        )
    at = cloud.now()
    await cloud.store.put_status(kid, clamped(status, at), at)
    kitchen.note_contact()
    return json_answer(StatusReply(desired=kitchen.record.desired, server_time=at))


def clamped(status: Status, at: datetime) -> Status:
    """Return `status` with no time later than `at`: a fast clock can't report the future."""

    def past(moment: Moment) -> Moment:
        return moment if moment is None else min(moment, at)

    camera, light, thanks = status.camera, status.light, status.thanks
    return status.model_copy(
        update={
            "camera": camera.model_copy(update={"since": past(camera.since)}),
            "light": light.model_copy(update={"last_lit_at": past(light.last_lit_at)}),
            "notes": tuple(
                note.model_copy(
                    update={"shown_at": past(note.shown_at), "thanked_at": past(note.thanked_at)}
                )
                for note in status.notes
            ),
            "thanks": thanks and thanks.model_copy(update={"at": past(thanks.at)}),
        }
    )
