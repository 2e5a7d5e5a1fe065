"""`GET /fleet`: how the kitchens are, those that need somebody first."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field, ValidationError

from likelight.assets.catalogue import DEFAULT
from likelight.contract.schedule import WEEKDAYS
from likelight.web.http.body import unprocessable
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.fleet.kitchens import read_fleet, read_signals
from likelight_cloud.api.fleet.reply import packed, page
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.fleet_page import templates
from likelight_cloud.fleet_page.selection import SHOWS, Selection, Show
from likelight_cloud.reports import last_weeks
from likelight_cloud.store.catalogues import PublishedCatalogue
from likelight_cloud.store.operators import Role
from likelight_cloud.store.signals import SignalKind

ON_A_PAGE = 1000


class PageQuery(Selection):
    """Which kitchens, and which thousand of them."""

    show: Show = "needs"
    page: int = Field(default=1, ge=1, le=1000)

    def address(self, **other: object) -> str:
        """Return the address of the same, but for `other`."""
        asked = {"show": self.show, "q": self.q, **other}
        return f"/fleet?{urlencode({name: value for name, value in asked.items() if value})}"


def overview_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return the page of the whole fleet."""

    @declares(
        Part.FLEET,
        "How the kitchens are; leads to the login who is not logged in",
        {200: "text/html", 303: None},
        {422: "`invalid`: a parameter is none of those that there are.", **BUSY},
        query=PageQuery,
        operator=True,
    )
    async def get_fleet(request: web.Request) -> web.Response:
        operator = await check.by_page(request)
        try:
            query = PageQuery.model_validate(dict(request.query))
        except ValidationError as error:
            raise unprocessable(error) from error
        cloud = request.app[CLOUD]
        signals = await read_signals(cloud)
        fleet = await read_fleet(cloud, signals)
        chosen = query.of(fleet)
        documents = await cloud.store.catalogues.published()
        since, until = last_weeks(cloud.now())
        used = await _used(cloud, await cloud.store.aggregates.notes_sent(since, until), documents)
        begin = (query.page - 1) * ON_A_PAGE

        def made() -> web.Response:
            response = page(
                templates.FLEET,
                operator=operator,
                query=query,
                lists=[
                    (show, words, sum(map(belongs, fleet)))
                    for show, (words, belongs) in SHOWS.items()
                ],
                chosen=len(chosen),
                may_ask=operator.role is Role.OPERATOR,
                once=secrets.token_urlsafe(16),
                weekdays=WEEKDAYS,
                documents=documents,
                used=used,
                used_since=since,
                ours=[one.words for one in signals if one.kid is None],
                spikes=[one.kid for one in signals if one.kind is SignalKind.SPIKE],
                kitchens=chosen[begin : begin + ON_A_PAGE],
                more=len(chosen) > begin + ON_A_PAGE,
            )
            # A thousand kitchens are 1.6 MB, and a twentieth of that packed.
            return packed(request, response)

        # 1,000 kitchens take 0.2 s of a small machine, in which devices must be answered.
        return await asyncio.to_thread(made)

    return [web.get("/fleet", get_fleet)]


async def _used(
    cloud: Cloud, sent: Mapping[str, int], documents: Sequence[PublishedCatalogue]
) -> list[tuple[str, int]]:
    """Return the ten notes that were sent most, in English, and how often."""
    most = sorted(sent.items(), key=lambda one: (-one[1], one[0]))[:10]
    words = {note.code: note.text for note in cloud.offered.own.load(DEFAULT).notes}
    for document in documents:
        if all(code in words for code, _ in most):
            break
        offered = (await cloud.offered.of(document.sha256)).load(DEFAULT)
        words = {note.code: note.text for note in offered.notes} | words
    return [(words.get(code, code), n) for code, n in most]
