"""What a device sends, read under its token."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from likelight.web.http.body import read_body
from likelight_cloud.app import CLOUD
from likelight_cloud.kitchens.kitchen import Kitchen

M = TypeVar("M", bound=BaseModel)


async def read_admitted(
    request: web.Request, kitchen: Kitchen, model: type[M], *, counts: bool
) -> tuple[M, bytes]:
    """Return the body of `request` as `model`, and the hash of the device token that it came with.

    `counts` says whether it counts in a rotation of the token. Raises a 401 without a valid one,
    and what `read_body` raises.
    """
    cloud = request.app[CLOUD]
    await cloud.admit(request, kitchen, counts=counts)
    body = await read_body(request, model)
    # Again: a body that comes slowly may outlive its token.
    return body, await cloud.admit(request, kitchen, counts=False)
