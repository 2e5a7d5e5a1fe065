"""The fleet as its operators see it: on the page, as JSON and as CSV."""

import random
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from likelight.contract import Status
from likelight.fleet.doctor.checks import CHECKS
from likelight.runtime.clock import utc_now
from likelight.web.http.server import new_application
from likelight_cloud.embedded import EmbeddedCloud
from likelight_cloud.fleet_page.words import WORDS, words_of
from likelight_cloud.store.signals import Signal, SignalKind
from support.cloud import KID, TOKEN, bearer, status
from support.desk import HEALTHY, Desk, desk_of

METRICS = Path(__file__).parents[3] / "firmware" / "METRICS.md"
OVEN = "Move the box away from the oven and other heat, and let air reach all its sides."
PLUG = "Use the power supply that came with the box, and plug it straight into the wall."
LAMP = (
    "Look whether the lamp's plug and cable are firmly in, then pull the box's plug, wait 10 "
    "seconds, and put it back."
)


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    async with desk_of(database) as desk:
        yield desk


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "finding": ({"findings": [{"id": "lamp", "level": "fail"}]}, LAMP),
    "heat": ({"temp_c": 80.0}, OVEN),
    "slowed": ({"throttled": 0b100}, OVEN),
    "power": ({"throttled": 0b1}, PLUG),
    "disk": ({"disk_free_mb": 99}, WORDS["disk-space"].to_do),
    "clock": ({"clock_skew_ms": -60_001}, WORDS["clock-off"].to_do),
    "wifi": ({"rssi": -76}, WORDS["wifi-signal"].to_do),
    "review": ({"consent_review": "2026-12-04"}, WORDS["consent"].to_do),
    "doctor": (
        {"findings": [{"id": id, "level": "fail"} for id in ("config", "configuration")]},
        WORDS["config"].to_do,
    ),
    "newer": (
        {"findings": [{"id": "toaster", "level": "fail"}]},
        "Pull the box's plug, wait 10 seconds, put it back, and call IT if this stays, and say: "
        "toaster.",
    ),
}


async def test_what_the_cloud_has_found_out_is_a_reason_and_nothing_of_who_is_off_air(
    desk: Desk,
) -> None:
    for kid, state in (("dark", "live"), ("silent", "idle"), ("busy", "live"), ("hid", "private")):
        await desk.report(kid, state=state)
    at, many = desk.clock.at, "4 kitchens fell silent: it is us."
    found = [Signal(SignalKind.OFFLINE, None, at, many)] + [
        Signal(kind, kid, at, "")
        for kind, kid in (
            (SignalKind.LAMP, "dark"),
            (SignalKind.PICTURES, "dark"),
            (SignalKind.QUIET, "silent"),
            (SignalKind.SPIKE, "busy"),
            *((kind, "hid") for kind in SignalKind),
        )
    ]
    await desk.store.signals.change_signals(found, [], at)
    told = await desk.json(show="needs")
    assert {kid: [one["id"] for one in it["reasons"]] for kid, it in told.items()} == {
        "dark": ["likes-not-lit", "interrupted"],
        "silent": ["quiet-week"],
    }
    for it in told.values():
        assert it["to_do"].count(".") == 1
    page = await desk.page()
    assert many in page
    assert "Many more likes than usual today: busy. Nothing is wrong" in page
    await desk.store.signals.change_signals([], [one.key for one in found], at)
    assert many not in await desk.page()
    assert await desk.json(show="needs") == {}


async def test_each_reason_has_one_sentence_on_what_to_do(desk: Desk) -> None:
    for kid, (health, _) in BROKEN.items():
        await desk.report(kid, **health)
    await desk.report("fault", state="fault")
    await desk.report(
        "well", throttled=0b111 << 16, rssi=-75, temp_c=79.9, consent_review="2026-12-05"
    )
    await desk.report("old", findings=None, temp_c=None, rssi=None, consent_review=None)
    told = await desk.json(show="needs")
    assert told.keys() == {*BROKEN, "fault"}
    first = await desk.page()
    for kid, (_, sentence) in BROKEN.items():
        assert told[kid]["to_do"] == sentence
        assert sentence.endswith(".")
        assert sentence.count(".") == 1
        assert sentence in first
    assert "camera's cable" in told["fault"]["to_do"]
    assert (told["fault"]["camera"], told["finding"]["lamp"]) == ("broken", "broken")
    assert len(told["doctor"]["reasons"]) == 1, "what was seen twice is said once"
    everybody = await desk.json()
    assert everybody["well"] | {"kid": "finding", "name": "Finding"} != told["finding"]
    assert everybody["well"]["to_do"] == "Nothing to do."
    assert everybody["old"]["lamp"] is None
    assert everybody[KID]["state"] == "new", "nobody has installed it"
    # What is not heard comes before all else, and what it said before counts for nothing.
    desk.clock.step(minutes=5)
    await desk.report("well")
    told = await desk.json(show="needs", q="finding")
    assert told["finding"]["state"] == "offline"
    assert [one["id"] for one in told["finding"]["reasons"]] == ["offline"]
    assert told["finding"]["last_heard_at"] == "2026-11-21T12:00:00.000Z"
    assert (await desk.json())["well"]["last_heard_at"] is None


async def test_off_the_air_is_on_purpose_and_nothing_tells_why_or_since_when(desk: Desk) -> None:
    broken = {"findings": [{"id": "lamp", "level": "fail"}], "temp_c": 90}
    for second, state in enumerate(("private", "closed", "off")):
        desk.clock.at = desk.clock.at.replace(minute=10, second=second)
        await desk.report(state, state, **broken)
    assert (await desk.json(show="needs")) == {}
    told = await desk.json(show="off_air")
    assert told.keys() == {"private", "closed", "off"}
    assert {repr({**one, "kid": "", "name": ""}) for one in told.values()} == {
        repr({**told["off"], "kid": "", "name": ""})
    }
    assert told["private"]["state"] == "off_air"
    assert told["private"]["lamp"] == "broken"
    rows = await desk.csv(show="off_air")
    assert {row["state"] for row in rows} == {"Off air on purpose"}
    assert {row["needs_somebody"] for row in rows} == {"no"}
    page = await desk.page(show="off_air")
    assert page.count("<b>Off air on purpose</b>") == 3
    assert page.count("<dd>The lamp does not work (lamp)</dd>") == 3
    for text in (page, repr(told), repr(rows)):
        assert not re.search("12:1[0-9]|since|cause|thank(?!s[_ ]button)", text, re.IGNORECASE)


async def test_two_devices_with_one_token_are_told_and_a_restart_is_none(desk: Desk) -> None:
    poll = f"{desk.site.public}/v1/kitchens/{KID}/events"
    n = 0

    async def told(*starts: str, state: str = "idle") -> list[str]:
        """Let these starts of its device poll, and the last one report."""
        nonlocal n
        for boot_id in starts:
            query = {"boot_id": boot_id, "wait": "0"}
            async with desk.session.get(poll, params=query, headers=bearer(TOKEN)) as reply:
                assert reply.status == 200
        n += 1
        camera = {"state": state, "since": desk.clock.at.isoformat(), "cause": "demand"}
        said = status(boot_id=starts[-1], n=n, camera=camera, health=HEALTHY)
        await desk.store.put_status(KID, Status.model_validate(said), desk.clock.at)
        return [one["id"] for one in (await desk.json())[KID]["reasons"]]

    assert await told("first", "second", "third", "third") == []
    assert await told("second") == [], "a request that was late"
    assert await told("third") == ["cloud-superseded"]
    assert await told("second", state="private") == []


async def test_a_table_has_no_formula(desk: Desk) -> None:
    for n, name in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", 'a"b,c')):
        await desk.store.add_kitchen(f"k{n}", name, desk.clock.at)
    await desk.report("weak", rssi=-88)
    rows = await desk.csv()
    assert [row["name"] for row in rows if row["store"].startswith("k")] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(A1)",
        'a"b,c',
    ]
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    (weak,) = (row for row in rows if row["store"] == "weak")
    assert (weak["wifi_percent"], weak["clock_off_ms"]) == ("24", "40")


async def test_a_thousand_kitchens_are_two_queries_and_a_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for owner, name in ((type(desk.store), "kitchens"), (type(desk.store.fleet), "healths")):
        real = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda it, real=real, name=name: (asked.append(name), real(it))[1]
        )
    first = await desk.json()
    assert asked == ["kitchens", "healths"]
    record = await desk.store.kitchen(KID)
    assert record is not None
    many = tuple(replace(record, kid=f"k{n:04}", name=f"<i>{n}</i>") for n in range(1001))

    async def thousand(_: object) -> Any:
        return many

    monkeypatch.setattr(type(desk.store), "kitchens", thousand)
    page = await desk.page(show="all")
    assert page.count("<li data-state") == 1000
    assert "The next 1000" in page
    assert "<script" not in page
    last = await desk.page(show="all", page="2")
    assert (last.count("<li data-state"), "k1000" in last) == (1, True)
    assert len(await desk.json(q="K0007")) == 1
    assert first.keys() == {KID}


async def test_no_page_asks_the_database_more_often_for_more_kitchens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        db = connect(*args, **options)
        db.set_trace_callback(asked.append)
        return db

    monkeypatch.setattr(sqlite3, "connect", traced)
    async with desk_of(str(tmp_path / "cloud.db")) as desk:

        async def statements(path: str) -> int:
            """Return how many a page takes: the cloud's own, each second, come in between."""
            counts: list[int] = []
            for _ in range(4):
                asked.clear()
                await desk.page(path, show="all")
                counts.append(len(asked))
            return min(counts)

        few = [await statements(path) for path in ("/fleet", "/fleet/report")]
        for n in range(60):
            await desk.report(f"k{n}", temp_c=85.0)
            await desk.store.add_likes({f"k{n}": 1}, desk.clock.at)
            await desk.store.aggregates.flag_likes(f"k{n}", desk.clock.at, day=True, hour=True)
        assert [await statements(path) for path in ("/fleet", "/fleet/report")] == few
        assert max(few) < 10


async def test_who_is_no_operator_reads_nothing(desk: Desk) -> None:
    for token in ("", "Bearer no-token", "Bearer \udcff"):
        headers = {"Authorization": token}
        async with desk.session.get("/v1/fleet/kitchens", headers=headers) as reply:
            assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Bearer")
    for _ in range(6):
        async with desk.session.get(
            "/v1/fleet/kitchens", headers={"Authorization": "Bearer no-token"}
        ) as reply:
            last = reply.status
    assert last == 429


async def test_a_device_serves_none_of_it(tmp_path: Path) -> None:
    app: web.Application = new_application()
    EmbeddedCloud(tmp_path / "cloud.sqlite", now=utc_now, rng=random.Random(1)).mount(app)
    paths = {one.resource.canonical for one in app.router.routes() if one.resource}
    assert not [path for path in paths if "fleet" in path]


def test_whatever_a_device_finds_has_words() -> None:
    table = METRICS.read_text("utf-8").partition("| reason | what it is |")[2]
    ids = [
        id
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for id in re.findall("`([a-z-]+)`", row)
    ]
    assert len(ids) > 20
    assert set(ids) <= WORDS.keys()
    # A device says itself what its doctor's check of the running daemon would.
    checks = {check.id for check in CHECKS if check.id != "daemon"}
    assert not [id for id in checks if words_of(id).to_do.endswith(f"say: {id}.")]
