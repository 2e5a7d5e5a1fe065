"""Each status that the OpenAPI document has for an address, asked of a running cloud."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from likelight.contract.enrolment import EnrolRequest
from likelight.feed.outlets import Demand
from likelight.runtime.clock import utc_now
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from support.catalogues import ask, document, publish
from support.cloud import KID, bearer, status
from support.cloud_server import ServedCloud, cloud_server
from support.hls import Camera, second, watched_kitchen
from support.ingest import BEARER, add_sources, bearer_source
from support.virtual import run_virtual
from support.waiting import WITHIN_S

PUBLIC = "http://kitchens.example"
KITCHEN = "/v1/kitchens/{kid}"
EVENTS, STATUS = f"GET {KITCHEN}/events", f"POST {KITCHEN}/status"
LIKES, NOTES = f"POST {KITCHEN}/likes", f"POST {KITCHEN}/notes"
ENROL, ROTATE = "POST /v1/enrol", f"POST {KITCHEN}/token"
KITCHENS, WISHES = "GET /v1/fleet/kitchens", "POST /fleet/wishes"
CHANGE = "/fleet/changes/{id}"
LOGIN, LOGOUT, FLEET = "POST /fleet/login", "POST /fleet/logout", "GET /fleet"
NOTES_PAGES = ("GET /fleet/notes/{sha256}", "GET /fleet/notes/{sha256}/{panel}/{code}.png")
INGEST = "POST /v1/ingest/{source}"
PAIRING, PAIRED = "POST /v1/pairing", "GET /v1/pairing/{device_code}"
FORMS = ("POST /k/{kid}", "POST /k/{kid}/here", "POST /embed/{kid}")
WALLS = ("GET /wall", "GET /v1/wall/live")
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
CODE = {
    "code": "ABCD-EFGH-JKMN-PQRS-TVWX-YZ23-45",
    "token_sha256": "a" * 64,
    "device": {"serial": "10000000abcdef01", "sw": "1.4.0"},
}
OPERATOR = "an-operator-s-token"
TAKEN: dict[str, dict[str, Any]] = {
    LOGIN: {"data": {"token": OPERATOR}},
    WISHES: {"data": {"ask": "on", "k": KID}},
    f"POST {CHANGE}": {"data": {"number": "1"}},
    EVENTS: {"params": {"wait": "0", "boot_id": "boot-1"}},
    STATUS: {"json": status(hours={"zone": "Europe/Berlin", "week": {"friday": "11:00-23:00"}})},
    LIKES: {"json": {"n": 20, "batch": str(uuid.UUID(int=1))}},
    NOTES: {"json": {"code": "heroes"}, "headers": {"Idempotency-Key": "the-note"}},
    ENROL: {"json": CODE},
    PAIRING: {"json": {key: CODE[key] for key in ("token_sha256", "device")}},
    ROTATE: {"json": {"token_sha256": "c" * 64}},
    INGEST: {
        "json": {"type": "likes.delta", "data": {"kitchen": KID, "n": 1}},
        "headers": bearer(BEARER),
    },
    f"POST {KITCHEN}/watching": {"json": {"view": "a-random-view"}},
    **{form: {"data": {"like": "1"}} for form in FORMS},
    "GET /oembed": {"params": {"url": f"{PUBLIC}/k/{KID}"}},
    **{wall: {"params": {"k": KID}} for wall in WALLS},
    f"GET {KITCHEN}/feed": {"headers": UPGRADE},
    "GET /k/{kid}/ws": {"headers": UPGRADE},
}
"""What an address takes; the others need nothing. In the order in which they are asked."""

NAMED = {NOTES: "id", PAIRING: "device_code"}
"""What answers with the name by which another address is asked."""

REFUSED: list[tuple[str, int, dict[str, Any]]] = [
    (EVENTS, 400, {"params": {"cursor": "a-damaged-cursor"}}),
    (EVENTS, 422, {"params": {"wait": "99"}}),
    (STATUS, 409, {"json": status(boot_id="boot-2")}),
    (ROTATE, 409, {"json": {"token_sha256": "d" * 64}}),
    (FLEET, 303, {"headers": {"Cookie": ""}}),
    (FLEET, 422, {"params": {"show": "nothing"}}),
    ("GET /fleet/report", 303, {"headers": {"Cookie": ""}}),
    ("GET /fleet/kitchens/{kid}", 303, {"headers": {"Cookie": ""}}),
    (KITCHENS, 422, {"params": {"format": "xml"}}),
    (f"GET {CHANGE}", 303, {"headers": {"Cookie": ""}}),
    ("GET /v1/catalogue", 422, {"params": {"lang": "../x"}}),
    (f"GET {KITCHEN}/catalogue", 422, {"params": {"lang": "../x"}}),
    ("GET /fleet/notes", 303, {"headers": {"Cookie": ""}}),
    *((one, 303, {"headers": {"Cookie": ""}}) for one in NOTES_PAGES),
    *((one, 422, {"params": {"lang": "../x"}}) for one in NOTES_PAGES),
    ("GET /oembed", 400, {"params": {"url": f"{PUBLIC}/k/{KID}", "maxwidth": "0"}}),
    ("GET /oembed", 404, {"params": {"url": "https://elsewhere.example"}}),
    ("GET /oembed", 501, {"params": {"format": "xml"}}),
    *((wall, 400, {"params": {"k": "a,a"}}) for wall in WALLS),
    *((wall, 404, {"params": {"k": "nowhere"}}) for wall in WALLS),
    ("GET /k/{kid}/live.mp4", 400, {"params": {"rendition": "high"}}),
    ("GET /k/{kid}/stream.mjpg", 400, {"params": {"rendition": "high"}}),
    ("GET /k/{kid}/ws", 400, {"headers": {"Upgrade": ""}}),
    (f"GET {KITCHEN}/feed", 400, {"headers": {"Upgrade": ""}}),
    ("GET /k/{kid}/hls/{epoch}/live.m3u8", 400, {"params": {"_HLS_msn": "x"}}),
    ("GET /k/{kid}/hls/{epoch}/{rendition}/live.m3u8", 400, {"params": {"_HLS_msn": "x"}}),
]
"""What else the addresses refuse, beside what all of a kind do."""

MISSING = {
    "kid": "nowhere",
    "source": "nobody",
    "id": "no-note",
    "device_code": "no-device",
    "name": "no-file",
    "epoch": "no-epoch",
    "sha256": "no-catalogue",
    "panel": "no-panel",
    "init": "99",
    "number": "99999",
}


class Asker:
    """Asks a cloud, and keeps what it said."""

    def __init__(self, session: aiohttp.ClientSession, document: dict[str, Any]) -> None:
        self.session = session
        self.document = document
        self.names = {"kid": KID, "name": "kitchen.css", "rendition": "low"}
        self.names |= {"panel": "lcd-5", "code": "mother"}
        self.names |= {"init": "0", "number": "0", "part": "0", "source": "tool"}
        self.operations: dict[str, dict[str, Any]] = {
            f"{method.upper()} {path}": operation
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        self.seen: set[tuple[str, int]] = set()
        self.operator = {"Authorization": f"Bearer {OPERATOR}"}

    async def ask(self, operation: str, names: Mapping[str, str] = {}, **other: Any) -> str:
        """Ask as `TAKEN` has it, but for `other`; return the beginning of the answer's body."""
        method, _, path = operation.partition(" ")
        if path.startswith("/player/"):
            names = {"name": "player.js", **names}
        if path.startswith("/static/wall/"):
            names = {"name": "wall.css", **names}
        if path.startswith(CHANGE):
            names = {"id": self.names["change"], **names}
        path = path.format(**{**self.names, **names})
        usual = TAKEN.get(operation, {})
        headers = {**self._token(operation), **usual.get("headers", {}), **other.pop("headers", {})}
        if other.keys() & {"data", "json"}:
            usual = {key: value for key, value in usual.items() if key not in ("data", "json")}
        options = {**usual, **other, "headers": {k: v for k, v in headers.items() if v}}
        async with self.session.request(method, path, allow_redirects=False, **options) as reply:
            self.seen.add((operation, reply.status))
            declared = self.operations[operation]["responses"]
            assert str(reply.status) in declared, (operation, reply.status, await reply.text())
            kinds = declared[str(reply.status)].get("content", {})
            assert not kinds or reply.content_type in kinds, (operation, reply.status)
            if reply.status == 101 or reply.content_type.startswith(("video/mp4", "text/event")):
                return ""
            return "" if "multipart" in reply.content_type else (await reply.text("latin-1"))

    async def change(self, wish: str) -> str:
        """Ask a kitchen for something; return the change's id."""
        async with self.session.post(
            "/fleet/wishes",
            data={"ask": wish, "k": KID},
            headers=self.operator,
            allow_redirects=False,
        ) as reply:
            return reply.headers["Location"].rpartition("/")[2]

    def declaring(self, status: int) -> list[str]:
        """Return the operations that declare `status`."""
        return [name for name, said in self.operations.items() if str(status) in said["responses"]]

    def _token(self, operation: str) -> dict[str, str]:
        security = self.operations[operation].get("security", [])
        if {"operatorSession": []} in security:
            return self.operator
        return bearer() if security else {}

    async def log_in(self) -> None:
        """Send an operator's session from now on, as a browser does over https."""
        async with self.session.post(
            "/fleet/login", data={"token": OPERATOR}, allow_redirects=False
        ) as reply:
            self.operator["Cookie"] = reply.headers["Set-Cookie"].partition(";")[0]


@asynccontextmanager
async def asking(
    database: Path, contact: str | None = "mailto:it@kitchens.example"
) -> AsyncIterator[tuple[ServedCloud, Asker]]:
    """Serve a cloud, and ask it on a connection for each request."""
    async with (
        cloud_server(database, PUBLIC, contact=contact) as site,
        aiohttp.ClientSession(
            site.public,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            connector=aiohttp.TCPConnector(force_close=True),
            timeout=aiohttp.ClientTimeout(total=WITHIN_S),
        ) as session,
        session.get("/openapi.json") as reply,
    ):
        asker = Asker(session, await reply.json())
        operator = Operator("kim", Role.OPERATOR, hashed(OPERATOR), utc_now())
        await site.cloud.cloud.store.operators.add(operator)
        await add_sources(site.cloud.cloud.store, bearer_source())
        asker.names["sha256"] = await publish(site.cloud.cloud.store, document(), utc_now())
        await ask(site.cloud.cloud.store, KID, asker.names["sha256"])
        await asker.log_in()
        asker.names["change"] = await asker.change("off")
        yield site, asker


def test_every_status_of_the_document_is_seen_and_no_other(tmp_path: Path) -> None:
    seen = asyncio.run(_asked(tmp_path))
    seen |= asyncio.run(_without_contact(tmp_path))
    declared: set[tuple[str, int]] = set()
    run_virtual(_late(tmp_path, seen, declared))
    assert declared - seen == set(), "declared and not seen"
    assert seen - declared == set(), "seen and not declared"


async def _asked(folder: Path) -> set[tuple[str, int]]:
    async with asking(folder / "cloud.db") as (site, asker):
        cursor = re.findall(r'"cursor":"(.*?)"', await asker.ask(EVENTS))[0]
        await site.cloud.cloud.store.ask_rotation(KID, utc_now())
        for operation in TAKEN:
            told = re.findall(r'"(?:id|device_code)":"(.*?)"', await asker.ask(operation))
            if operation in NAMED:
                asker.names[NAMED[operation]] = told[0]
        listed = await asker.ask("GET /k/{kid}/stream.m3u8")
        asker.names["epoch"] = re.findall(r"hls/(.*?)/", listed)[0]
        for operation in asker.operations:
            if operation not in TAKEN and "{epoch}" not in operation:
                await asker.ask(operation)
        assert (PAIRED, 200) in asker.seen
        for operation, status, options in REFUSED:
            await asker.ask(operation, **options)
            assert (operation, status) in asker.seen
        async with asyncio.timeout(WITHIN_S):
            while (LIKES, 429) not in asker.seen:
                await asker.ask(LIKES, json={"n": 20, "batch": str(uuid.uuid4())})
        await _removed_meanwhile(site, asker)
        await _refused_by_all(asker)
        await _enrolled(site, asker)
        await _superseded(site, asker, cursor)
        await _overcrowded(site, asker)
        kitchen = await site.cloud.cloud.kitchen(KID)
        await site.cloud.cloud.store.begin_time_line(KID, kitchen.record.epoch)
        await asker.ask(EVENTS, params={"cursor": cursor})
        site.cloud.ready.clear()
        for operation in asker.operations:
            await asker.ask(operation)
        site.cloud.ready.set()
        return asker.seen | await _filmed(asker)


async def _filmed(asker: Asker) -> set[tuple[str, int]]:
    """Ask for what the playlists list, of a camera's pictures: these handlers are a device's, too.

    At a cloud without an upload they take as long as a film does.
    """
    async with watched_kitchen() as (place, session):
        here = Asker(session, asker.document)
        units = second(30)
        here.names["epoch"] = "an-epoch"
        for rendition in ("{rendition}/", ""):
            under = f"GET /k/{{kid}}/hls/{{epoch}}/{rendition}"
            async with asyncio.TaskGroup() as group:
                asked = group.create_task(here.ask(under + "live.m3u8"))
                await place.demands.until(Demand(h264=2))
                camera = Camera(place.hub)
                for number in range(180):
                    camera.push(units[number % 30], place.hub.demand.renditions)
            listed = asked.result()
            here.names["init"] = re.findall(r'"init-(\d+)\.mp4"', listed)[0]
            number, part = re.findall(r'"(\d+)\.(\d+)\.m4s"', listed)[0]
            here.names |= {"number": number, "part": part}
            for name in ("init-{init}.mp4", "{number}.{part}.m4s", "{number}.m4s"):
                await here.ask(under + name)
        return here.seen


async def _refused_by_all(asker: Asker) -> None:
    """Ask each address as every one of its kind refuses it."""
    for operation, said in asker.operations.items():
        await asker.ask(operation, headers={"Content-Encoding": "gzip"})
        await asker.ask(operation, headers={"Host": "elsewhere.example"})
        if "403" in said["responses"]:
            foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "http://elsewhere.example"}
            await asker.ask(operation, headers=foreign)
        if "304" in said["responses"]:
            await asker.ask(operation, headers={"If-None-Match": "*"})
        if "401" in said["responses"]:
            await asker.ask(operation, headers={"Authorization": "Bearer no-token"})
        if "404" in said["responses"]:
            await asker.ask(operation, MISSING, headers={"Accept": "application/json"})
        if "requestBody" in said:
            (kind,) = said["requestBody"]["content"]
            for body in (b"\xff{", b"x" * (16 * 1024 + 1), b"{}"):
                await asker.ask(operation, data=body, headers={"Content-Type": kind})


async def _superseded(site: ServedCloud, asker: Asker, cursor: str) -> None:
    """Let a newer poll take over from one that is held."""
    kitchen = await site.cloud.cloud.kitchen(KID)
    held = {"cursor": cursor, "wait": "30", "dv": "1", "boot_id": "boot-1"}
    newest = await asker.ask(EVENTS, params={"wait": "0", "boot_id": "boot-1"})
    held["cursor"] = re.findall(r'"cursor":"(.*?)"', newest)[0]
    held["dv"] = re.findall(r'"version":(\d+)', newest)[0]
    async with asyncio.TaskGroup() as group:
        group.create_task(asker.ask(EVENTS, params=held))
        while not kitchen.polled:
            await asyncio.sleep(0)
        await asker.ask(EVENTS, params={**held, "wait": "0"})


async def _enrolled(site: ServedCloud, asker: Asker) -> None:
    """Use a code, use it again as another device, use one that is too old, and go on for ever;
    and ask for a device's codes, and what became of one, sooner than one may."""
    store, now = site.cloud.cloud.store, utc_now()
    code = hashed(EnrolRequest.model_validate(CODE).code)
    await store.put_code(KID, code, now + timedelta(hours=1))
    await asker.ask(ENROL)
    await asker.ask(ENROL, json={**CODE, "token_sha256": "b" * 64})
    await store.put_code(KID, code, now - timedelta(hours=1))
    await asker.ask(ENROL)
    async with asyncio.timeout(WITHIN_S):
        while (ENROL, 429) not in asker.seen:
            await asker.ask(ENROL)
        while (PAIRING, 429) not in asker.seen:
            await asker.ask(PAIRING)
        while (PAIRED, 429) not in asker.seen:
            await asker.ask(PAIRED)
        while (INGEST, 429) not in asker.seen:
            await asker.ask(INGEST)
        while (LOGIN, 429) not in asker.seen:
            await asker.ask(LOGIN, data={"token": "wrong"})
        await asker.ask(KITCHENS)


async def _overcrowded(site: ServedCloud, asker: Asker) -> None:
    """Let as many notes wait as may, and send one more by each way."""
    store, now = site.cloud.cloud.store, utc_now()
    until = now + timedelta(hours=1)
    async with asyncio.TaskGroup() as group:
        for n in range(1000):
            key = f"key-{n}"
            note = store.add_note(KID, id=key, code="heroes", key=key, at=now, expires_at=until)
            group.create_task(note)
    asker.session.cookie_jar.clear()
    await asker.ask(NOTES, headers={"Idempotency-Key": "one-more"})
    for operation in FORMS:
        await asker.ask(operation, data={"note": "heroes"})


async def _removed_meanwhile(site: ServedCloud, asker: Asker) -> None:
    """Undo a change from notes that a command has removed whose clock is ahead."""
    store, now = site.cloud.cloud.store, utc_now()
    summer = await publish(store, document(code="summer"), now)
    await ask(store, KID, summer)
    change = await asker.change("own_notes")
    await store.catalogues.withdraw(summer, now + timedelta(minutes=11))
    await asker.ask(f"POST {CHANGE}/undo", {"id": change})


async def _without_contact(folder: Path) -> set[tuple[str, int]]:
    async with asking(folder / "nobody.db", contact=None) as (_, asker):
        await asker.ask("GET /.well-known/security.txt")
        return asker.seen


async def _late(folder: Path, seen: set[tuple[str, int]], declared: set[tuple[str, int]]) -> None:
    """Send half a body to each address that takes one; add what was said, and all declared."""
    async with asking(folder / "late.db") as (site, asker):
        async with asyncio.TaskGroup() as group:
            for operation in asker.declaring(408):
                group.create_task(_send_half(site, asker, operation))
        seen |= asker.seen
        declared |= {
            (name, int(status))
            for name, said in asker.operations.items()
            for status in said["responses"]
        }


async def _send_half(site: ServedCloud, asker: Asker, operation: str) -> None:
    method, _, path = operation.partition(" ")
    (kind,) = asker.operations[operation]["requestBody"]["content"]
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    path = path.format(kid=KID, source="tool", id=asker.names["change"])
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
    head += f"Cookie: {asker.operator['Cookie']}\r\n"
    head += "Authorization: Bearer the-device-token\r\nIdempotency-Key: a-key\r\n"
    writer.write(f"{head}Content-Length: 20\r\n\r\n{{".encode())
    async with asyncio.timeout(WITHIN_S):
        start = await reader.readline()
    writer.close()
    asker.seen.add((operation, int(start.split()[1])))
