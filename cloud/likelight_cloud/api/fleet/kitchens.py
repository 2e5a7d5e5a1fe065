"""`GET /v1/fleet/kitchens`: all kitchens, for programs and for spreadsheets."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from aiohttp import web
from pydantic import ValidationError

from likelight.contract import Time, Wire
from likelight.runtime.clock import loop_time
from likelight.web.http.body import json_answer, unprocessable
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.fleet.reply import PRIVATE
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.fleet_page.csv_file import as_csv
from likelight_cloud.fleet_page.row import (
    Contact,
    FleetKitchen,
    Pictures,
    contact_of,
    fleet_kitchen,
)
from likelight_cloud.fleet_page.selection import Selection
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.store.signals import Signal, SignalKind


class FleetQuery(Selection):
    """Which kitchens, and how they are written."""

    format: Literal["json", "csv"] = "json"


class FleetKitchens(Wire):
    """The kitchens that were asked for, by their ids."""

    kitchens: tuple[FleetKitchen, ...]
    server_time: Time


async def document_names(cloud: Cloud) -> dict[str, str]:
    """Return what operators call each published catalogue document, the newest first."""
    return {one.sha256: one.name for one in await cloud.store.catalogues.published()}


async def read_signals(cloud: Cloud) -> tuple[Signal, ...]:
    """Return what the cloud has found out of kitchens that are on air, and of the fleet."""
    return tuple(one.signal for one in await cloud.store.signals.open_signals() if not one.hidden)


async def read_fleet(cloud: Cloud, signals: Iterable[Signal] | None = None) -> list[FleetKitchen]:
    """Return all kitchens, by their ids: four queries, however many there are. `signals` are what
    `read_signals` has returned, where that was asked for already."""
    if signals is None:
        signals = await read_signals(cloud)
    kinds: defaultdict[str, list[SignalKind]] = defaultdict(list)
    for signal in signals:
        if signal.kid is not None:
            kinds[signal.kid].append(signal.kind)
    records = await cloud.store.kitchens()
    healths = await cloud.store.fleet.healths()
    names = await document_names(cloud)
    now = cloud.now()
    loaded = {kitchen.record.kid: kitchen for kitchen in cloud.loaded_kitchens()}
    contacts = {one.kid: _contact(one, loaded, cloud) for one in records}

    def rows() -> list[FleetKitchen]:
        return [
            fleet_kitchen(
                one,
                healths.get(one.kid),
                contacts[one.kid],
                now,
                kinds.get(one.kid, ()),
                names,
            )
            for one in records
        ]

    return await asyncio.to_thread(rows)


def _contact(record: KitchenRecord, loaded: Mapping[str, Kitchen], cloud: Cloud) -> Contact:
    told, kitchen = contact_of(record, cloud.now()), loaded.get(record.kid)
    if record.process not in (None, cloud.process):
        return told
    if kitchen is None:
        return replace(told, pictures="nobody_watches")
    arrival = kitchen.arrival
    arrival.look()
    pictures: Pictures = "arriving" if arrival.arriving else "nobody_watches"
    if arrival.interrupted is not None:
        pictures = "missing"
    return Contact(kitchen.offline, pictures, kitchen.starts.are_of_two(loop_time()))


def kitchens_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return the fleet for programs."""

    @declares(
        Part.FLEET,
        "How the kitchens are, as JSON, or with `format=csv` as a table",
        {200: (FleetKitchens, "text/csv")},
        {
            401: "No session and no token of an operator came, or it has ended.",
            422: "`invalid`: a parameter is none of those that there are.",
            429: "`limit`: more than 5 wrong tokens a minute came from one address.",
            **BUSY,
        },
        query=FleetQuery,
        operator=True,
    )
    async def get_kitchens(request: web.Request) -> web.Response:
        await check.by_program(request)
        try:
            query = FleetQuery.model_validate(dict(request.query))
        except ValidationError as error:
            raise unprocessable(error) from error
        cloud = request.app[CLOUD]
        kitchens = query.of(await read_fleet(cloud))
        if query.format == "json":
            whole = FleetKitchens(kitchens=tuple(kitchens), server_time=cloud.now())
            response = await asyncio.to_thread(json_answer, whole)
            response.headers.update(PRIVATE)
            return response
        # With a byte order mark, without which Excel takes it for Windows' own encoding.
        text = "\ufeff" + await asyncio.to_thread(as_csv, kitchens)
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="kitchens.csv"'}
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)

    return [web.get("/v1/fleet/kitchens", get_kitchens)]
