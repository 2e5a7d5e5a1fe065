"""Private, closed and off are one thing to an operator: byte for byte, in every outlet."""

import asyncio
from argparse import Namespace
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.contract import State, Status
from likelight_cloud.cli.database import opened
from likelight_cloud.cli.main import main
from likelight_cloud.signals.rules import changes
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.signals import FleetRecord, OpenSignal, Signal, SignalKind
from support.cloud import KID, NOON, status
from support.desk import HEALTHY, Desk, desk_of

OFF_AIR = ("private", "closed", "off")
SHOWS = ("needs", "well", "off_air", "new", "all")
BROKEN: dict[str, Any] = {
    "temp_c": 91.0,
    "throttled": 0b1101,
    "disk_free_mb": 3,
    "rssi": -90,
    "clock_skew_ms": 90_000,
    "fps": 12.5,
    "findings": [
        {"id": id, "level": level}
        for id, level in (("lamp", "fail"), ("privacy-button", "fail"), ("heat", "warn"))
    ],
}
NO_CONSENT = {"findings": [{"id": "consent", "level": "fail"}], "consent_review": None}
NO_CLOCK = {"findings": [{"id": "clock", "level": "fail"}], "consent_review": None}
OLD = {"temp_c": None, "rssi": None, "findings": None, "consent_review": None, "fps": None}


async def everything(desk: Desk) -> dict[str, str]:
    """Return what each outlet of the fleet says, but the count of requests."""
    told = {f"/fleet?show={show}": await desk.page(show=show) for show in SHOWS}
    for path in ("/fleet/report", f"/fleet/kitchens/{KID}"):
        told[path] = await desk.page(path)
    for show in SHOWS:
        for format in ("json", "csv"):
            query = {"show": show, "format": format}
            async with desk.session.get("/v1/fleet/kitchens", params=query) as reply:
                told[f"{show} {format}"] = await reply.text()
    async with aiohttp.ClientSession() as admin, admin.get(f"{desk.site.admin}/metrics") as reply:
        lines = (await reply.text()).splitlines()
    told["metrics"] = "\n".join(one for one in lines if "likelight_cloud_requests" not in one)
    return told


async def test_no_outlet_tells_private_closed_and_off_from_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It looks all the time, so that no look between two comparisons changes a figure of metrics.
    monkeypatch.setattr("likelight_cloud.signals.watch.LOOK_S", 0.02)
    async with desk_of(str(tmp_path / "cloud.db")) as desk:
        starts = 0

        async def off_air(state: str, **health: Any) -> dict[str, str]:
            nonlocal starts
            starts += 1
            # The clock of the device differs, and the time at which the crew pressed something.
            since = (desk.clock.at - timedelta(hours=starts)).isoformat()
            told = status(
                boot_id=f"start-{starts}",
                camera={"state": state, "since": since, "cause": "button"},
                health={**HEALTHY, **health},
            )
            await desk.store.put_status(KID, Status.model_validate(told), desk.clock.at)
            return await everything(desk)

        await off_air("private")
        lamp = Signal(SignalKind.LAMP, KID, desk.clock.at, "")
        await desk.store.signals.change_signals([lamp], [], desk.clock.at)
        while 'likelight_cloud_signals{kind="lamp"} 1.0' not in (await everything(desk))["metrics"]:
            await asyncio.sleep(0.01)
        for health in (HEALTHY, BROKEN, OLD, {**BROKEN, **NO_CONSENT}):
            private, closed, off = [await off_air(state, **health) for state in OFF_AIR]
            assert private == closed == off
        # A device without consent is off, also while the crew has pressed PRIVACY.
        private = await off_air("private", consent_review="2026-11-30")
        assert private == await off_air("off", **NO_CONSENT)
        assert private == await off_air("off", **NO_CLOCK)
        # Silent ones are the same, too.
        desk.clock.step(minutes=5)
        assert await off_air("off") == await off_air("private")
        assert private != await off_air("live"), "the outlets tell something"


def test_no_command_tells_them_from_one_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ["--database", str(tmp_path / "cloud.db")]
    for command in ("kitchen", "status"):
        monkeypatch.setattr(f"likelight_cloud.cli.{command}.utc_now", lambda: NOON)

    def say(*words: str) -> str:
        assert main([*words, *at]) == 0
        return capsys.readouterr().out

    say("init")
    say("kitchen", "add", KID, "Demo")
    say("kitchen", "add", "k2", "Two")

    async def report(state: str, ago_s: int) -> None:
        since = (NOON - timedelta(hours=len(state))).isoformat()
        told = status(
            boot_id=f"{state}-{ago_s}", camera={"state": state, "since": since, "cause": "button"}
        )
        heard_at = NOON - timedelta(seconds=ago_s)
        async with opened(Namespace(database=database_of(at[1]))) as store:
            await store.put_status(KID, Status.model_validate(told), heard_at)

    def said(state: str, ago_s: int = 0) -> dict[str, str]:
        asyncio.run(report(state, ago_s))
        commands = (("status",), ("kitchen", "list"), ("kitchen", "show", KID))
        told = {" ".join(words): say(*words) for words in commands}
        return told | {f"{' '.join(words)} json": say(*words, "--json") for words in commands}

    private, closed, off = [said(state, ago_s) for ago_s, state in enumerate(OFF_AIR)]
    assert private == closed == off
    assert "(1 off air on purpose; 1 not installed yet)\n" in private["status"]
    assert f"{KID}  Demo  (off air on purpose)\n" in private["kitchen list"]
    assert "on the air" in said("live")["kitchen list"]
    silent = said("private", 630)["kitchen list"]
    assert "(not heard since 2026-11-21T11:49:00+00:00)" in silent


moments = st.one_of(st.integers(0, 600), st.integers(0, 200_000)).map(
    lambda ago: NOON - timedelta(seconds=ago)
)
records = st.builds(
    FleetRecord,
    kid=st.uuids().map(str),
    created_at=moments,
    state=st.sampled_from([*State, None]),
    received_at=st.one_of(st.none(), moments),
    last_note_at=st.one_of(st.none(), moments),
    unlit_since=st.one_of(st.none(), moments),
    pictures_missing_since=st.one_of(st.none(), moments),
)


@given(
    fleet=st.lists(records, max_size=8),
    other=st.lists(st.sampled_from(OFF_AIR), min_size=8, max_size=8),
    open_kinds=st.sets(st.sampled_from(SignalKind)),
)
def test_no_signal_tells_private_closed_and_off_from_one_another(
    fleet: list[FleetRecord], other: list[str], open_kinds: Collection[SignalKind]
) -> None:
    open_signals = [
        OpenSignal(Signal(kind, one.kid, NOON, ""), hidden=False)
        for kind in open_kinds
        for one in fleet
    ]
    pressed = [
        replace(one, state=State(state)) if one.state in OFF_AIR else one
        for one, state in zip(fleet, other, strict=False)
    ]
    since = NOON - timedelta(days=30)
    told = changes(fleet, open_signals, NOON, serving_since=since)
    assert changes(pressed, open_signals, NOON, serving_since=since) == told


@given(fleet=st.lists(records, min_size=3, max_size=8), state=st.sampled_from(State))
def test_no_press_moves_how_many_kitchens_fell_silent(
    fleet: list[FleetRecord], state: State
) -> None:
    def offline(records: list[FleetRecord]) -> list[str]:
        told = changes(records, [], NOON, serving_since=NOON - timedelta(days=30))
        return [one.words for one in told.begun if one.kind is SignalKind.OFFLINE]

    assert offline([replace(one, state=state) for one in fleet]) == offline(fleet)
