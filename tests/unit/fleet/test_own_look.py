"""What a running device looks at by itself: harmless, and never twice at what hangs."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

from likelight.config.settings import Config
from likelight.contract import DeviceFinding
from likelight.daemon.events import CHECKS_COUNT_S, DeviceEvents
from likelight.daemon.self_check import Looked
from likelight.fleet.doctor.check import Finding, check, fail, skip
from likelight.fleet.doctor.own_look import OWN, OwnLook, no_command
from likelight.fleet.doctor.system import System
from likelight_cloud.fleet_page.words import WORDS
from support.doctor import CLOUD, KIT, PI_4, SENSOR
from support.machine import Machine
from support.virtual import run_virtual

DOCTOR = Path(__file__).parents[3] / "firmware" / "DOCTOR.md"
ASKS = (
    *("open_pins", "chip_label", "holder", "i2c_answers", "has_module", "before_apt", "is_free"),
    *("answers_as", "ask_daemon", "resolve", "handshake", "issuer_of", "ask_cloud", "ask_upload"),
)


def test_it_runs_no_command_and_asks_no_device_and_no_network(tmp_path: Path) -> None:
    asked: list[str] = []

    def asking(name: str) -> Any:
        return lambda *_: asked.append(name)

    config = Config.model_validate({"state_dir": "/state", **CLOUD, **KIT, **SENSOR})
    given = {"run": no_command, **{name: asking(name) for name in ASKS}}
    look = OwnLook(lambda: Machine(PI_4, given=given).system(tmp_path, config))
    looked = look()
    assert asked == []
    assert {one.id for one in looked.findings} == {"clock", "watchdog-board"}
    assert looked.at >= {"board", "clock", "watchdog-board", "disk-space"}
    # What it can't see here is left to the doctor.
    assert not looked.at & {"power", "heat", "route", "wifi-signal"}


def test_each_of_its_checks_is_in_the_documents() -> None:
    told = DOCTOR.read_text("utf-8").partition("By itself the daemon")[2].partition("It runs no")[0]
    assert set(re.findall("`([a-z-]+)`", told)) == {one.id for one in OWN}
    assert {one.id for one in OWN} <= WORDS.keys()


def test_a_check_that_hangs_is_told_and_not_tried_again(tmp_path: Path) -> None:
    tries, ends = [0], threading.Event()

    @check("hangs", what="", why="", fix="")
    def hangs(_: System) -> Finding:
        tries[0] += 1
        ends.wait()
        return skip("")

    @check("fails", what="", why="", fix="")
    def fails(_: System) -> Finding:
        return fail("it is broken")

    config = Config.model_validate({"state_dir": "/state"})
    look = OwnLook(lambda: Machine().system(tmp_path, config), (hangs, fails), timeout_s=1.0)
    try:
        assert look().at == {"hangs", "fails"}
        assert look().at == {"fails"}
    finally:
        ends.set()
    assert tries == [1]


def test_what_the_doctor_found_stays_for_a_day_where_the_device_does_not_look() -> None:
    heat = DeviceFinding(id="heat", level="fail")
    pins = DeviceFinding(id="pins-free", level="warn")
    at_heat = frozenset({"heat", "power"})

    async def scenario() -> None:
        events = DeviceEvents(cloud_inside=False)
        events.keep_findings((pins, heat))
        assert events.findings(()) == (heat, pins)
        assert events.findings((heat,)) == (heat, pins)
        events.keep_looked(Looked(at_heat, ()))
        assert events.findings(()) == (pins,)
        await asyncio.sleep(CHECKS_COUNT_S - 1)
        events.keep_looked(Looked(at_heat, (heat,)))
        assert events.findings(()) == (heat, pins)
        await asyncio.sleep(2)
        assert events.findings(()) == (heat,)
        events.keep_findings(())
        assert events.findings(()) == ()

    run_virtual(scenario())
