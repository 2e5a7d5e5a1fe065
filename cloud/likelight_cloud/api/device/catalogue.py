"""`GET /v1/kitchens/{kid}/catalogue/{sha256}`: the notes that a device is asked to show."""

import re
from typing import Final

from aiohttp import ETag, web

from likelight.contract.problem import ProblemType
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.app import CLOUD, IN_KITCHEN

NAME: Final = re.compile("[0-9a-f]{64}")
"""What a document is called, in an address or in a form."""


@declares(
    Part.DEVICE,
    "The notes that a device is asked to show, as one document called by its SHA-256",
    {200: "application/json"},
    {
        **IN_KITCHEN,
        404: "`kitchen`: there is no such kitchen; `catalogue`: it was never asked to have this.",
    },
    token=True,
)
async def get_document(request: web.Request) -> web.Response:
    """Return a document that this kitchen is or was asked to have; a 404 for any other."""
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    await cloud.admit(request, kitchen)
    kid, sha256 = kitchen.record.kid, request.match_info["sha256"]
    body = await cloud.store.catalogues.body_for(kid, sha256) if NAME.fullmatch(sha256) else None
    if body is None:
        raise ProblemError(
            404,
            f"The kitchen {kid} is not asked for these notes. Go on with the ones in use.",
            type=ProblemType.CATALOGUE,
        )
    response = web.Response(
        body=body,
        content_type="application/json",
        headers={"Cache-Control": "private, max-age=31536000, immutable"},
    )
    response.etag = ETag(sha256)
    return response
