"""The first start in a state directory that holds nothing of ours."""

from pathlib import Path

import av
import pytest

from likelight.config.settings import CameraSettings
from likelight.contract import State
from likelight.gate.marker import MARKER_FILE, Marker
from support.whole import Whole, whole


def a_clip(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"  # type: ignore[union-attr]
        for _ in range(5):
            picture = av.VideoFrame(320, 180, "yuv420p")
            container.mux(stream.encode(picture))  # type: ignore[union-attr]
        container.mux(stream.encode(None))  # type: ignore[union-attr]
    return path


def shares(place: Whole, state: Path) -> bool:
    return not place.device.on_air.wants_privacy and Marker(state / MARKER_FILE, "demo").says_shared


@pytest.mark.parametrize("driver", ["sim", "file"])
async def test_with_a_simulated_camera_it_writes_shared(tmp_path: Path, driver: str) -> None:
    state = tmp_path / "state"
    state.mkdir()
    path = a_clip(tmp_path / "kitchen.mp4") if driver == "file" else None
    camera = CameraSettings(driver=driver, path=path, width=320, height=180)  # type: ignore[arg-type]
    for _ in ("the first start", "the second"):
        async with whole(state, camera=camera) as place:
            assert shares(place, state)
            assert place.device.on_air.state is State.IDLE


async def test_with_a_real_sensor_it_is_private(tmp_path: Path) -> None:
    camera = CameraSettings(driver="usb", device=tmp_path / "no-camera")
    for _ in ("the first start", "the second"):
        async with whole(tmp_path, camera=camera) as place:
            assert not shares(place, tmp_path)
