"""A catalogue's way from a folder to a kitchen: published, looked at, asked for on the fleet's
page, refused or shown, offered to viewers, and taken back; in both databases."""

import asyncio
import csv
import html
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from likelight.assets.catalogue import Notes
from likelight.assets.catalogue_document import read_document
from likelight.contract import Status
from likelight_cloud.cli.main import main
from likelight_cloud.kitchens import offered_notes
from likelight_cloud.store.base import Store
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from likelight_hw.panels import PANELS
from support.catalogues import MOTHER, ask, brand_files, brand_folder, document, publish
from support.cloud import KID, NOON, WallClock, status
from support.cloud_server import cloud_server
from support.ingest import Sender, add_sources, signed_source

OPERATOR = "an-operator-s-token"
WINTER, SUMMER = document(), document({"en": "Like a summer's day"}, code="summer")


@dataclass
class Place:
    """A cloud, its operator's browser, and its one device."""

    store: Store
    session: aiohttp.ClientSession
    clock: WallClock
    cookie: dict[str, str]
    statuses: int = 0

    async def shows(self, running: str | None, refused: str | None = None, **more: Any) -> None:
        """Let the device say which notes it shows, and which it refuses."""
        self.statuses += 1
        told = {"catalogue": {"running": running, "refused": refused}, **more}
        sent = Status.model_validate(status(n=self.statuses, **told))
        await self.store.put_status(KID, sent, self.clock.at)

    async def page(self, path: str) -> tuple[int, str]:
        """Return a page as an operator reads it."""
        async with self.session.get(path, headers=self.cookie) as reply:
            return reply.status, html.unescape(await reply.text())

    async def ask(self, *fields: tuple[str, str]) -> tuple[int, str]:
        """Ask for something; return the status, and the address of the change or what is wrong."""
        async with self.session.post(
            "/fleet/wishes",
            data=aiohttp.FormData(fields),
            headers=self.cookie,
            allow_redirects=False,
        ) as reply:
            return reply.status, reply.headers.get("Location") or await reply.text()

    async def row(self) -> dict[str, Any]:
        """Return what a program reads of the kitchen."""
        async with self.session.get("/v1/fleet/kitchens", headers=self.cookie) as reply:
            found: dict[str, Any] = (await reply.json())["kitchens"][0]
            return found

    async def offered(self, lang: str = "en") -> dict[str, str]:
        """Return the notes that viewers may send: by their codes, the words."""
        url = f"/v1/kitchens/{KID}/catalogue?lang={lang}"
        async with self.session.get(url) as reply:
            assert reply.status == 200
            return {note["code"]: note["text"] for note in (await reply.json())["notes"]}

    async def sent(self, code: str, key: str = "first") -> tuple[int, str]:
        """Send a note as a new viewer; return the status, and its id or what is wrong."""
        async with self.session.post(
            f"/v1/kitchens/{KID}/notes", json={"code": code}, headers={"Idempotency-Key": key}
        ) as reply:
            told = await reply.json()
            return reply.status, told["id"] if reply.status == 201 else told["detail"]


@pytest.fixture
async def place(database: str) -> AsyncIterator[Place]:
    clock = WallClock()
    async with (
        cloud_server(database, now=clock) as site,
        aiohttp.ClientSession(site.public, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        store = site.cloud.cloud.store
        await store.operators.add(Operator("kim", Role.OPERATOR, hashed(OPERATOR), clock.at))
        async with session.post(
            "/fleet/login", data={"token": OPERATOR}, allow_redirects=False
        ) as reply:
            cookie = reply.headers["Set-Cookie"].partition(";")[0]
        yield Place(store, session, clock, {"Cookie": cookie})


async def test_notes_are_rolled_out_and_back_and_each_step_is_said_in_one_sentence(
    place: Place,
) -> None:
    winter = await publish(place.store, WINTER, NOON)
    assert (await place.row())["notes"]["words"] == "It will show its own notes."
    await place.shows(None)
    assert (await place.row())["notes"]["words"] == "It shows its own notes."
    _, fleet = await place.page("/fleet?show=all")
    assert f'<option value="{winter}">Winter, 21 Nov 2026 ({winter[:8]})' in fleet
    code, change = await place.ask(("ask", "catalogue"), ("catalogue", winter), ("k", KID))
    assert code == 303
    assert "kim asks for notes: “Winter”." in (await place.page(change))[1]
    told = await place.row()
    assert (told["desired"]["catalogue"], told["needs_somebody"]) == (winter, False)
    assert "and takes “Winter” in a moment" in told["notes"]["words"]
    await place.shows(None, winter)
    told = await place.row()
    assert told["notes"]["refused"] == winter
    assert "It refuses “Winter” and goes on with its own notes: tell IT" in told["notes"]["words"]
    assert (told["needs_somebody"], told["reasons"][0]["id"]) == (True, "catalogue")
    assert told["to_do"].count(".") == 1
    await place.shows(winter)
    assert (await place.row())["notes"] == {
        "asked": winter,
        "running": winter,
        "refused": None,
        "words": "It shows “Winter”, as asked.",
    }
    assert "It shows “Winter”, as asked." in (await place.page("/fleet?show=all"))[1]
    async with place.session.get("/v1/fleet/kitchens?format=csv", headers=place.cookie) as reply:
        (row,) = csv.DictReader(io.StringIO(await reply.text("utf-8-sig")))
    assert (row["notes_asked"], row["notes_shown"], row["notes_refused"]) == (winter, winter, "")
    async with place.session.post(
        f"{change}/undo", headers=place.cookie, allow_redirects=False
    ) as reply:
        assert reply.status == 303
    told = await place.row()
    assert told["desired"]["catalogue"] is None
    assert "It shows “Winter” and takes its own notes in a moment" in told["notes"]["words"]
    place.clock.step(minutes=5)
    assert "takes its own notes when it is heard again" in (await place.row())["notes"]["words"]
    acts = [row for row in await place.store.audit_from(1, 99) if row.action == "desired set"]
    assert [(row.who, row.detail.partition(", ")[2]) for row in acts] == [
        ("kim", f"catalogue={winter}"),
        ("kim", "catalogue=None"),
    ]


async def test_an_old_device_and_private_kitchens_and_wrong_forms(place: Place) -> None:
    winter = await publish(place.store, WINTER, NOON)
    await ask(place.store, KID, winter)
    await place.store.put_status(KID, Status.model_validate(status(n=1)), NOON)
    assert "ask IT to update the box" in (await place.row())["notes"]["words"]
    private = {"state": "private", "since": "2026-11-21T11:59:00Z"}
    place.statuses = 1
    await place.shows(None, winter, camera=private)
    assert (await place.row())["needs_somebody"] is False, "off air on purpose"
    for wrong in ("", "own", 64 * "0", winter.upper(), f"{winter}\n", "' OR 1=1 --", "../../x"):
        code, said = await place.ask(("ask", "catalogue"), ("catalogue", wrong), ("k", KID))
        assert code == 422, wrong
    assert "not published any more" not in said
    code, said = await place.ask(("ask", "catalogue"), ("catalogue", 64 * "0"), ("k", KID))
    assert "not published any more" in said
    record = await place.store.kitchen(KID)
    assert record is not None
    assert record.desired.catalogue == winter
    await place.ask(("ask", "own_notes"), ("k", KID))
    assert (await place.row())["desired"]["catalogue"] is None


async def test_viewers_are_offered_what_the_device_says_that_it_shows(place: Place) -> None:
    winter, summer = (
        await publish(place.store, WINTER, NOON),
        await publish(place.store, SUMMER, NOON, "Summer"),
    )
    likelight = await place.offered()
    assert "mother" not in likelight
    await ask(place.store, KID, winter)
    assert await place.offered() == likelight, "asked for is not shown"
    assert (await place.sent("mother"))[0] == 422
    await place.shows(winter)
    assert await place.offered() == {**likelight, "mother": MOTHER["en"]}
    assert (await place.offered("de"))["mother"] == MOTHER["de"]
    async with place.session.get(f"/v1/kitchens/{KID}") as reply:
        assert (await reply.json())["catalogue"] == winter
    for lang in ("en", "de"):
        async with place.session.get(f"/k/{KID}?lang={lang}") as reply:
            assert f'<span dir="auto">{MOTHER[lang]}</span>' in html.unescape(await reply.text())
    kept = await place.sent("mother")
    assert kept[0] == 201
    await place.shows(summer)
    assert await place.offered() == {**likelight, "summer": "Like a summer's day"}
    assert await place.sent("mother") == kept, "sent again because its answer was lost"
    code, said = await place.sent("mother", "second")
    assert (code, f"GET /v1/kitchens/{KID}/catalogue lists them" in said) == (422, True)
    async with place.session.post(f"/k/{KID}", data={"note": "mother"}) as reply:
        assert reply.status == 422
    # One that this cloud does not know: what every catalogue has.
    await place.shows(64 * "0")
    assert await place.offered() == likelight
    await place.shows(None)
    assert await place.offered() == likelight


async def test_a_document_is_read_once_however_many_ask(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any visitor may ask, and all pages do at once. One that this version can't read is there
    after a return to an older version."""
    looked_at = []

    def look(body: bytes) -> Notes:
        looked_at.append(body)
        return read_document(body)

    monkeypatch.setattr(offered_notes, "read_document", look)
    likelight = await place.offered()
    newer = b'{"documents": []}'
    for body, more in ((WINTER, {"mother": MOTHER["en"]}), (newer, {})):
        await place.shows(await publish(place.store, body, NOON))
        for offered in await asyncio.gather(*(place.offered() for _ in range(5))):
            assert offered == {**likelight, **more}
        assert await place.offered() == {**likelight, **more}
    assert looked_at == [WINTER, newer]


async def test_a_source_s_note_that_comes_again_is_answered_though_other_notes_are_shown(
    place: Place,
) -> None:
    await add_sources(place.store, signed_source())
    till = Sender(place.session, "")  # the session has the address
    winter = await publish(place.store, WINTER, NOON)
    await place.shows(winter)
    kept = await till.signed("e1", "note", kitchen=KID, code="mother")
    assert kept.status == 200
    await place.shows(None)
    assert (await till.signed("e1", "note", kitchen=KID, code="mother")).body == kept.body
    assert (await till.signed("e2", "note", kitchen=KID, code="mother")).status == 422


async def test_what_is_published_is_looked_at_on_every_panel(place: Place) -> None:
    assert "No notes are published" in (await place.page("/fleet/notes"))[1]
    winter = await publish(place.store, WINTER, NOON)
    await place.shows(winter)
    _, listed = await place.page("/fleet/notes")
    assert f'href="/fleet/notes/{winter}"' in listed
    assert "asked for them: 0; that show them: 1; that refuse them: 0" in listed
    code, preview = await place.page(f"/fleet/notes/{winter}?lang=de")
    assert code == 200
    assert MOTHER["de"] in preview
    pictures = re.findall(r'<img src="(.*?)" alt="(.*?)"', preview)
    assert len(pictures) == len(PANELS)
    for (url, said), (name, panel) in zip(pictures, PANELS.items(), strict=True):
        assert (said, f"/{name}/" in url) == (MOTHER["de"], True)
        async with place.session.get(url, headers=place.cookie) as reply:
            assert (reply.status, reply.content_type) == (200, "image/png")
            with Image.open(BytesIO(await reply.read())) as png:
                assert png.height == panel.info.height
                assert png.getextrema() != ((0, 0),) * 3, "something is drawn"
    for nothing in (
        f"/fleet/notes/{64 * '0'}",
        f"/fleet/notes/{winter[:63]}",
        "/fleet/notes/..%2f..%2fetc",
        f"/fleet/notes/{winter}/no-panel/mother.png",
        f"/fleet/notes/{winter}/lcd-5/heroes.png",
        f"/fleet/notes/{winter}/..%2flcd-5/mother.png",
    ):
        assert (await place.page(nothing))[0] == 404, nothing
    assert (await place.page(f"/fleet/notes/{winter}?lang=../x"))[0] == 422
    place.cookie = {}
    for path in ("/fleet/notes", f"/fleet/notes/{winter}", pictures[0][0]):
        async with place.session.get(path, allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (303, "/fleet/login")


async def test_the_fleet_page_says_which_notes_are_used_and_nothing_of_fewer_than_20_viewers(
    place: Place,
) -> None:
    await publish(place.store, WINTER, NOON)
    await place.store.add_kitchen("other", "Other", NOON)
    weeks = [NOON - timedelta(weeks=n) for n in (0, 1, 4, 5)]
    for number, (kid, at, code) in enumerate(
        (kid, at, code)
        for kid in (KID, "other")
        for at in weeks
        for code in ("mother", "hello")
        for _ in range(3)
    ):
        await place.store.add_note(
            kid, id=f"n{number}", code=code, key=f"{number}", at=at, expires_at=at
        )
    assert "There is nothing to show" in (await place.page("/fleet"))[1]
    for at in weeks:
        await place.store.aggregates.flag_note(KID, at, "mother")
    await place.store.aggregates.flag_note("other", weeks[1], "mother")
    _, page = await place.page("/fleet")
    assert "four weeks from 19 Oct 2026 on" in page
    assert f"<li>{MOTHER['en']}: 9</li>" in page, "two weeks here and one there are over and shown"
    assert page.count("<ol>") == page.count("</li>\n</ol>") == 1


def test_a_folder_is_checked_published_looked_at_asked_for_and_removed_by_commands(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main([*words, "--database", database]) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    run("init")
    run("kitchen", "add", KID, "Demo")
    folder = brand_folder(tmp_path / "winter")
    dry = run("catalogue", "add", str(folder), "--dry-run")
    assert "Nothing was published" in dry
    assert json.loads(run("catalogue", "list", "--json")) == []
    added = run("catalogue", "add", str(folder))
    (sha256,) = re.findall("[0-9a-f]{64}", added)
    assert f"{sha256}, winter, with 1 note of its own" in added
    assert "is published already" in run("catalogue", "add", str(folder), "--name", "Other")
    run("desired", "set", KID, "--catalogue", sha256[:8])
    (listed,) = json.loads(run("catalogue", "list", "--json"))
    assert (listed["sha256"], listed["name"], listed["asked"]) == (sha256, "winter", 1)
    assert "kitchens asked 1" in run("catalogue", "list")
    assert f"catalogue: {sha256}" in run("desired", "show", KID)
    pictures = tmp_path / "pictures"
    run("catalogue", "preview", sha256, str(pictures))
    drawn = {str(path.relative_to(pictures)) for path in pictures.rglob("*.png")}
    assert drawn == {f"{lang}/{panel}/mother.png" for lang in ("de", "en") for panel in PANELS}
    assert KID in run("catalogue", "remove", sha256, code=2)
    run("desired", "set", KID, "--own-notes")
    run("catalogue", "remove", sha256)
    for words in (
        ("catalogue", "preview", sha256, str(pictures)),
        ("catalogue", "remove", sha256),
        ("desired", "set", KID, "--catalogue", sha256),
    ):
        assert "catalogue list" in run(*words, code=2)
    assert main(["audit", "list", "--database", database]) == 0
    told = capsys.readouterr().out
    assert told.count("catalogue published") == told.count("catalogue removed") == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"en.json": b'{"notes": {"mother": "<b>Mum</b>"}}'}, "en.json: mother: has markup"),
        ({"en.json": b'{"notes": {"mother": "Mum"}'}, "not valid JSON"),
        ({"en.json": b"[" * 60_000}, "too many brackets"),
        ({"en.json": b"\xff\xfe{"}, "UTF-8"),
        ({"en.json": b"{" + b" " * 300_000 + b"}"}, "64 KiB"),
        ({"en.json": b'{"notes": {"mother": "Donaudampfschifffahrtsgesellschaft"}}'}, "wider than"),
        ({}, "it holds no notes"),
    ],
)
def test_what_has_a_mistake_is_not_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, bytes], said: str
) -> None:
    database = str(tmp_path / "cloud.db")
    assert main(["init", "--database", database]) == 0
    folder = tmp_path / "notes"
    folder.mkdir()
    if files:
        (folder / "_icons.json").write_text(json.dumps(brand_files()["_icons.json"]))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    capsys.readouterr()
    assert main(["catalogue", "add", str(folder), "--database", database]) == 2
    assert said in capsys.readouterr().err
    assert main(["catalogue", "list", "--json", "--database", database]) == 0
    assert json.loads(capsys.readouterr().out) == []


async def test_notes_that_are_removed_meanwhile_are_refused_in_words(place: Place) -> None:
    """Removed by a command on a computer whose clock is ahead: for it the change has ended."""
    ahead = NOON + timedelta(minutes=11)
    winter, summer = [await publish(place.store, notes, NOON) for notes in (WINTER, SUMMER)]
    wish = ("ask", "catalogue")
    await place.ask(wish, ("catalogue", winter), ("k", KID))
    _, undone = await place.ask(wish, ("catalogue", summer), ("k", KID))
    for n in range(20):
        await place.store.add_kitchen(f"k{n}", f"K {n}", NOON)
    code, large = await place.ask(wish, ("catalogue", winter), ("all", ""))
    assert code == 303
    await place.store.catalogues.withdraw(winter, ahead)
    for path, form in ((f"{undone}/undo", {}), (large, {"number": "21"})):
        async with place.session.post(path, data=form, headers=place.cookie) as reply:
            assert reply.status == 422
            assert "These notes are not published any more" in await reply.text()
    desired = {kitchen.kid: kitchen.desired.catalogue for kitchen in await place.store.kitchens()}
    assert desired == {KID: summer} | {f"k{n}": None for n in range(20)}
