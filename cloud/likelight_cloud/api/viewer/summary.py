"""`GET /v1/kitchens/{kid}`: the summary, which any cache may keep for a second."""

import hashlib

from aiohttp import ETag, web

from likelight.contract import Summary
from likelight.web.http.declared import Part, declares
from likelight_cloud.app import CLOUD, IN_KITCHEN


@declares(Part.VIEWER, "What a viewer may know of a kitchen", {200: Summary, 304: None}, IN_KITCHEN)
async def get_summary(request: web.Request) -> web.Response:
    """Return what a viewer may know of a kitchen."""
    kitchen = await request.app[CLOUD].kitchen(request.match_info["kid"])
    summary = kitchen.summary()
    response = web.Response(
        body=summary.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=1"},
    )
    return tagged(request, response, fingerprint(summary))


def fingerprint(summary: Summary) -> str:
    """Return a value that changes when the summary does, but not with the time of the request."""
    content = summary.model_dump_json(exclude={"server_time"})
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def tagged(request: web.Request, response: web.Response, tag: str) -> web.Response:
    """Return `response` with a weak ETag, or a 304 when the client has it already."""
    etag = ETag(tag, is_weak=True)
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        cache = response.headers["Cache-Control"]
        response = web.Response(status=304, headers={"Cache-Control": cache})
    response.etag = etag
    return response
