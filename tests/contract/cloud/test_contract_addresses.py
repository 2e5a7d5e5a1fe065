"""Every address of the contract, and every status of its table, asked of a running cloud."""

import asyncio
import re
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from likelight.assets.catalogue_document import document_name
from likelight.contract import LATEST
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from support.catalogues import ask, document, publish
from support.cloud import KID, NOON, Site, bearer, serving, status
from support.cloud_server import cloud_server
from support.ingest import BEARER, add_sources, bearer_source

CONTRACT = (Path(__file__).parents[3] / "cloud" / "CONTRACT.md").read_text(encoding="utf-8")
CODE = "K7QF2MXPK7QF2MXPK7QF2MXPK7"
"""The kitchen's enrolment code."""

PUBLIC = "https://kitchens.example"
OPERATOR = "an-operator-s-token"


@dataclass(frozen=True)
class Ask:
    """How an address is asked, and what it then answers."""

    status: int = 200
    media: str = "application/json"
    told_after: str = ""
    """Where the contract lists the keys of the answer: in the next braces after this text."""

    options: Mapping[str, Any] = field(default_factory=dict)


_TO_LOGIN = Ask(303, media="text/plain", options={"allow_redirects": False})
SERVED = {
    "GET /v1/kitchens/{kid}/events": Ask(
        told_after="200 always, also after an empty wait:",
        options={"headers": bearer(), "params": {"wait": "0", "boot_id": "boot-1"}},
    ),
    "POST /v1/kitchens/{kid}/status": Ask(
        told_after="\n200 `",
        options={
            "headers": bearer(),
            "json": status(hours={"zone": "Europe/Berlin", "week": {"friday": "11:00-23:00"}}),
        },
    ),
    "GET /v1/kitchens/{kid}/catalogue/{sha256}": Ask(options={"headers": bearer()}),
    "POST /v1/kitchens/{kid}/token": Ask(
        told_after="/token`\n`", options={"headers": bearer(), "json": {"token_sha256": 64 * "c"}}
    ),
    "POST /v1/enrol": Ask(
        201,
        told_after="\n201 `",
        options={
            "json": {
                "code": CODE,
                "token_sha256": 64 * "a",
                "device": {"serial": "10000000abcdef01", "sw": "1.4.0"},
            }
        },
    ),
    "POST /v1/pairing": Ask(
        201,
        told_after="The cloud answers 201 `",
        options={
            "json": {
                "token_sha256": 64 * "b",
                "device": {"serial": "10000000abcdef01", "sw": "1.4.0"},
            }
        },
    ),
    "GET /v1/pairing/{device_code}": Ask(told_after="There the cloud answers 200 `"),
    "WS /v1/kitchens/{kid}/feed": Ask(101, options={"headers": bearer()}),
    "GET /": Ask(media="text/html"),
    "GET /k/{kid}": Ask(media="text/html"),
    "GET /k/{kid}/here": Ask(media="text/html"),
    "GET /k/{kid}/card.png": Ask(media="image/png"),
    "GET /oembed": Ask(options={"params": {"url": f"{PUBLIC}/k/{KID}"}}),
    "GET /embed/{kid}": Ask(media="text/html"),
    "GET /wall": Ask(media="text/html", options={"params": {"k": KID}}),
    "GET /v1/wall/live": Ask(media="text/event-stream", options={"params": {"k": KID}}),
    "GET /k/{kid}/hours.ics": Ask(media="text/calendar"),
    "GET /v1/kitchens/{kid}": Ask(told_after="\nSummary: `"),
    "GET /v1/kitchens/{kid}/live": Ask(media="text/event-stream"),
    "POST /v1/kitchens/{kid}/likes": Ask(
        202,
        told_after='{"n": 1..20, "batch": uuid, "source": "page|here"} -> 202 ',
        options={"json": {"n": 7, "batch": str(uuid.uuid4())}},
    ),
    "POST /v1/kitchens/{kid}/notes": Ask(
        201,
        told_after="Idempotency-Key -> 201 ",
        options={"json": {"code": "heroes"}, "headers": {"Idempotency-Key": "the-note"}},
    ),
    "POST /k/{kid}": Ask(
        303,
        media="application/octet-stream",
        options={"data": {"like": "1"}, "allow_redirects": False},
    ),
    "POST /k/{kid}/here": Ask(
        303,
        media="application/octet-stream",
        options={"data": {"note": "heroes"}, "allow_redirects": False},
    ),
    "POST /embed/{kid}": Ask(
        303,
        media="application/octet-stream",
        options={"data": {"like": "1"}, "allow_redirects": False},
    ),
    "GET /v1/notes/{id}": Ask(told_after="GET  /v1/notes/{id} "),
    "POST /v1/kitchens/{kid}/watching": Ask(
        204, media="application/octet-stream", options={"json": {"view": "a-random-view"}}
    ),
    "GET /v1/catalogue": Ask(
        told_after="GET  /v1/catalogue?lang= ", options={"params": {"lang": "ar"}}
    ),
    "GET /v1/kitchens/{kid}/catalogue": Ask(options={"params": {"lang": "ar"}}),
    "GET /v1/me": Ask(told_after="GET    /v1/me  "),
    "DELETE /v1/me": Ask(204, media="application/octet-stream"),
    "GET /privacy": Ask(media="text/html"),
    "GET /privacy.json": Ask(),
    "GET /.well-known/security.txt": Ask(media="text/plain"),
    "GET /robots.txt": Ask(media="text/plain"),
    "GET /favicon.ico": Ask(media="image/x-icon"),
    "GET /kitchen.webmanifest": Ask(media="application/manifest+json"),
    "POST /v1/ingest/{source}": Ask(
        told_after="The answer is 200 `",
        options={
            "headers": bearer(BEARER),
            "json": {"type": "note", "data": {"kitchen": KID, "code": "heroes"}},
        },
    ),
    "GET /fleet": _TO_LOGIN,
    "GET /fleet/notes": _TO_LOGIN,
    "GET /fleet/notes/{sha256}": _TO_LOGIN,
    "GET /fleet/notes/{sha256}/{panel}/{code}.png": _TO_LOGIN,
    "GET /fleet/report": _TO_LOGIN,
    "GET /fleet/kitchens/{kid}": _TO_LOGIN,
    "POST /fleet/wishes": _TO_LOGIN,
    "GET /fleet/changes/{id}": _TO_LOGIN,
    "POST /fleet/changes/{id}": _TO_LOGIN,
    "POST /fleet/changes/{id}/undo": _TO_LOGIN,
    "GET /v1/fleet/kitchens": Ask(
        told_after="GET  /v1/fleet/kitchens?show=&q=&format= ",
        options={"headers": {"Authorization": f"Bearer {OPERATOR}"}},
    ),
    "GET /fleet/login": Ask(media="text/html"),
    "POST /fleet/login": Ask(
        303,
        media="application/octet-stream",
        options={"data": {"token": OPERATOR}, "allow_redirects": False},
    ),
    "POST /fleet/logout": Ask(
        303, media="application/octet-stream", options={"allow_redirects": False}
    ),
    "GET /openapi.json": Ask(),
    "GET /openapi": Ask(media="text/html"),
    "GET /healthz": Ask(told_after="`GET /healthz` says `"),
    "GET /k/{kid}/ws": Ask(101),
    "GET /k/{kid}/live.mp4": Ask(media="video/mp4"),
    "GET /k/{kid}/stream.m3u8": Ask(media="application/vnd.apple.mpegurl"),
    "GET /k/{kid}/main.m3u8": Ask(media="application/vnd.apple.mpegurl"),
    "GET /k/{kid}/stream.mjpg": Ask(media="multipart/x-mixed-replace"),
    "GET /k/{kid}/snapshot.jpg": Ask(media="image/jpeg"),
}


SETS_A_COOKIE = {
    "POST /v1/kitchens/{kid}/likes",
    "POST /v1/kitchens/{kid}/notes",
    "POST /k/{kid}",
    "POST /k/{kid}/here",
    "POST /fleet/login",
    "POST /fleet/logout",
}
"""Nothing else does, to a viewer who comes without one."""


def addresses(contract: str) -> set[str]:
    """Return the addresses that the page sets as code: "METHOD /path", without their query."""
    fenced = re.findall(r"^```\n(.*?)^```", contract, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```\n.*?^```", "", contract, flags=re.DOTALL | re.MULTILINE)
    pieces = [line for block in fenced for line in block.splitlines()]
    pieces += re.findall(r"`([^`\n]+)`", rest)
    return {address for piece in pieces for address in _addresses_of(piece)}


def _addresses_of(piece: str) -> Iterator[str]:
    """A method holds for the paths behind it; "(each under X)" puts X before every shorter one."""
    under = re.search(r"\(each under (\S+)\)", piece)
    if under is not None:
        piece = piece.replace(under[0], "")
    methods = ["GET"]
    for method, path in re.findall(
        r"\b((?:GET|POST|DELETE|PUT|PATCH|WS)(?:\|[A-Z]+)*)(?=\s)|(?:(?<=\s)|^)(/[\w.{}/-]*)", piece
    ):
        if method:
            methods = method.split("|")
        else:
            prefix = under[1] if under is not None and not path.startswith(under[1]) else ""
            yield from (f"{one} {prefix}{path}" for one in methods)


def keys_after(text: str) -> set[str]:
    """Return the keys of the JSON that the contract shows behind `text`."""
    assert CONTRACT.count(text) == 1, text
    found, depth, before = set(), 0, ""
    behind = CONTRACT.partition(text)[2]
    for token in re.findall(r'"[^"]*"|[{}\[\],:]', behind):
        if depth == 1 and token.startswith('"') and before in ("{", ","):
            found.add(token.strip('"'))
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token, 0)
        before = token
        if depth == 0:
            break
    return found


@asynccontextmanager
async def whole_cloud(database: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve a cloud with its pages and its relay, as `likelight-cloud serve` does."""
    async with (
        cloud_server(database, PUBLIC, embed_origins=("https://www.example.com",)) as site,
        aiohttp.ClientSession(site.public, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        store = site.cloud.cloud.store
        await store.put_code(KID, hashed(CODE), LATEST)
        await store.operators.add(Operator("kim", Role.OPERATOR, hashed(OPERATOR), NOON))
        await add_sources(store, bearer_source())
        await store.ask_rotation(KID, NOON)
        await ask(store, KID, await publish(store, document(), NOON))
        yield session


def test_every_address_of_the_contract_is_served() -> None:
    assert addresses(CONTRACT) == SERVED.keys()


def test_an_address_is_found_wherever_the_contract_writes_one() -> None:
    text = "## `GET /v1/a/{id}?x=&y=1`\n`WS /v1/b` and `/k/{kid}/c`, `wait/16`, `tests/d`\n"
    text += '```\nGET|DELETE /e   the page (also /f, POST /g)  {"h": "i|j"}\n'
    text += "GET  /k/{kid}/ws  /l.mp4   (each under /k/{kid})\n```\n| 400 | `POST /m {}` |\n"
    assert addresses(text) == {
        "GET /v1/a/{id}",
        "WS /v1/b",
        "GET /k/{kid}/c",
        "GET /e",
        "DELETE /e",
        "GET /k/{kid}/ws",
        "GET /k/{kid}/l.mp4",
        "POST /g",
        "POST /m",
    } | {"GET /f", "DELETE /f"}


async def test_every_address_answers_as_the_contract_states(tmp_path: Path) -> None:
    async with whole_cloud(tmp_path / "cloud.db") as session:
        note = SERVED["POST /v1/kitchens/{kid}/notes"]
        async with session.post(f"/v1/kitchens/{KID}/notes", **note.options) as sent:
            names = {"{kid}": KID, "{source}": "tool", "{id}": (await sent.json())["id"]}
        names |= {"{sha256}": document_name(document()), "{panel}": "lcd-5", "{code}": "mother"}
        async with session.post("/v1/pairing", **SERVED["POST /v1/pairing"].options) as sent:
            names["{device_code}"] = (await sent.json())["device_code"]
        for address, ask in SERVED.items():
            method, path = _filled(address, names)
            if ask.status == 101:
                async with session.ws_connect(path, **ask.options) as socket:
                    assert not socket.closed, address
                continue
            async with session.request(method, path, **ask.options) as reply:
                assert (reply.status, reply.content_type) == (ask.status, ask.media), address
                assert ("Set-Cookie" in reply.headers) == (address in SETS_A_COOKIE), address
                if ask.told_after:
                    keys = keys_after(ask.told_after)
                    assert keys, address
                    assert keys <= (await reply.json()).keys(), address


def _filled(address: str, names: Mapping[str, str]) -> tuple[str, str]:
    for name, value in names.items():
        address = address.replace(name, value)
    method, _, path = address.partition(" ")
    return method, path


TABLE = re.findall(r"^\| ([\d, ]+) \|", CONTRACT, re.MULTILINE)

NEVER_SAID_HERE = {
    # A device follows these too, from another cloud or from a proxy before this one.
    403,
    429,
}


TYPES = {400: "cursor", 401: "token", 404: "kitchen", 409: "superseded", 410: "epoch", 503: "busy"}


async def test_every_status_of_the_table_comes_with_what_the_device_needs(tmp_path: Path) -> None:
    database = tmp_path / "cloud.db"
    told = {int(one) for row in TABLE for one in row.split(",")}
    answers = {}
    async with serving(database) as site:
        cursor = (await site.poll()).body["cursor"]
        answers[400] = await site.poll("a-damaged-cursor")
        answers[401] = await site.call("GET", f"/v1/kitchens/{KID}/events")
        answers[404] = await site.poll(kid="nowhere")
        answers[409] = await _superseded(site, cursor)
        site.cloud.ready.clear()
        answers[503] = await site.poll(cursor)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE kitchen SET epoch = 'nEw1'")
    connection.close()
    async with serving(database) as site:
        answers[410] = await site.poll(cursor)
    assert answers.keys() == told - NEVER_SAID_HERE
    for number, reply in answers.items():
        assert reply.status == number
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.body["type"] == f"urn:likelight:problem:{TYPES[number]}"
        assert ("Retry-After" in reply.headers) == (number == 503)
        assert ("cursor" in reply.body) == (number == 410)


async def _superseded(site: Site, cursor: str) -> Any:
    async with asyncio.TaskGroup() as group:
        older = group.create_task(site.poll(cursor, wait=30))
        kitchen = await site.cloud.kitchen(KID)
        while not kitchen.polled:
            await asyncio.sleep(0)
        await site.poll(cursor)
    return older.result()
