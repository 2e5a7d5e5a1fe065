"""The end of a device: each light goes off, whatever the others do."""

from pathlib import Path

import pytest

from likelight_hw.ports import DARK
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.lights import SimLights
from support.whole import whole

TOLD = {
    "lamp": "A lamp may still be on: bad file descriptor",
    "on-air light": "The on-air light may still be on",
    "display": "The display may still be lit",
}


@pytest.mark.parametrize("broken", TOLD)
async def test_a_driver_that_raises_at_the_end_keeps_no_other_lit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    def torn(*_: object) -> None:
        raise OSError("bad file descriptor")

    async with whole(tmp_path) as place:
        device = place.device
        display = device.hardware.display
        assert isinstance(display, SimDisplay)
        device.hardware.thanks.press()
        await place.until(lambda: display.image.getbbox() is not None)
        match broken:
            case "lamp":
                monkeypatch.setattr(SimLights, "close", torn)
            case "on-air light":
                monkeypatch.setattr(device.hardware.indicator, "close", torn)
            case "display":
                monkeypatch.setattr(display, "close", torn)
    assert (display.image.getbbox() is None) is (broken != "display")
    assert device.window_in.lamp.frame == DARK
    assert not device.hardware.indicator.lit
    told = [record.message for record in caplog.records if "may still be" in record.message]
    assert told[:1] == [TOLD[broken]]
