"""The first consent of a new device shares; any other consent never touches PRIVACY."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likelight.appreciation.sync.store import DeviceStore
from likelight.cli.main import main
from likelight.config.settings import CameraSettings
from likelight.gate.consent import CONSENT_FILE, read_consent
from likelight.gate.marker import MARKER_FILE, Marker
from support.whole import whole

CONFIG = """
state_dir = "{state}"
[kitchen]
id = "demo"
[camera]
driver = "usb"
device = "{state}/no-camera"
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "likelight.toml").write_text(CONFIG.format(state=state), encoding="utf-8")
    return state


async def consent(state: Path, *verb: str) -> None:
    where = ["--config", str(state.parent / "likelight.toml")]
    assert await asyncio.to_thread(main, ["consent", *verb, *where]) == 0


async def record(state: Path) -> None:
    review = (datetime.now(UTC) + timedelta(days=100)).date().isoformat()
    await consent(state, "record", "--signed-by", "Ana", "--notice", "3", "--review", review)


async def starts_private(state: Path) -> bool:
    """Run the device with a real sensor, which is not there; return whether it began private."""
    camera = CameraSettings(driver="usb", device=state / "no-camera")
    async with whole(state, camera=camera) as place:
        return place.device.on_air.wants_privacy


async def test_a_new_device_shares_from_its_first_consent_on(state: Path) -> None:
    await record(state)
    record_of = await asyncio.to_thread(read_consent, state)
    assert record_of is not None
    assert record_of.kitchen == "demo"
    assert not await starts_private(state)
    assert not await starts_private(state)


async def test_a_device_that_has_started_waits_for_a_press_whatever_is_recorded(
    state: Path,
) -> None:
    assert await starts_private(state)
    for verb in (("record",), ("withdraw",), ("record",), ("record",)):
        await (record(state) if verb == ("record",) else consent(state, *verb))
        assert await starts_private(state)


@pytest.mark.parametrize(
    "left",
    [
        "device.token",
        "device.sqlite-wal",
        "cloud.sqlite",
        "privacy",
        "device.sqlite.damaged-2026-11-30T120000",
        "last-good-config.json",
        CONSENT_FILE,
    ],
)
async def test_where_anything_of_ours_is_left_a_consent_does_not_share(
    state: Path, left: str
) -> None:
    (state / left).write_bytes(b"")
    await record(state)
    assert not (state / "device.sqlite").exists()
    assert not await asyncio.to_thread(lambda: Marker(state / MARKER_FILE, "demo").says_shared)


@pytest.mark.parametrize("shared", [True, False])
async def test_no_consent_touches_privacy_after_the_first(state: Path, shared: bool) -> None:
    await record(state)
    marker = Marker(state / MARKER_FILE, "demo")
    store = DeviceStore(state / "device.sqlite", kitchen="demo")
    await store.open()
    await store.set_private(not shared)
    await store.close()
    await asyncio.to_thread(lambda: marker.write(shared=shared))
    for verb in ("record", "withdraw", "record"):
        await (record(state) if verb == "record" else consent(state, verb))
        assert await asyncio.to_thread(lambda: marker.says_shared) is shared
        await store.open()
        assert store.shared is shared
        await store.close()
