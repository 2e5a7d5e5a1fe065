"""A camera's driver that raises what nobody foresaw: told in words, and started afresh."""

import asyncio
import sys
from pathlib import Path

import pytest

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.probe import probe
from likelight_hw.camera.process import CameraProcess
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.ports import CameraPhase, HardwareError
from support.camera import SPECS, Recorder

CHILD = Path(__file__).parents[2] / "support" / "failing_camera.py"
SOON = CameraTimeouts(pauses_s=(0.1,))
NEVER = CameraTimeouts(pauses_s=(300.0,))


@pytest.mark.parametrize(
    ("where", "kind", "words"),
    [
        ("open", "KeyError", "KeyError: 'Lux'"),
        ("start", "RuntimeError", "RuntimeError: Lux"),
        ("picture", "ZeroDivisionError", "ZeroDivisionError: Lux"),
        ("letting go", "ValueError", "ValueError: Lux"),
        # What the end of the daemon looks like, too.
        ("start", "EOFError", "EOFError: Lux"),
        ("picture", "ConnectionResetError", "ConnectionResetError: Lux"),
    ],
)
async def test_whatever_a_driver_raises_is_a_trouble_in_words_and_passes_with_its_cause(
    where: str, kind: str, words: str, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    child = (sys.executable, str(CHILD), str(flag), where, kind)
    config = CameraConfig(width=640, height=360)
    camera, sink = CameraProcess(config, timeouts=SOON, command=child), Recorder()
    camera.start()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(camera.run(sink, SPECS))
        await sink.until(lambda: CameraPhase.FAILED in sink.phases)
        flag.unlink()
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
        assert [spec.name for spec in sink.placeholders] == [spec.name for spec in SPECS]
        assert camera.restarts > 0, "only the end of the process frees what such a driver holds"
        task.cancel()
    told = {(status.code, status.reason) for status in sink.statuses if status.reason}
    assert told == {("K3", f"the camera's driver failed ({words})")}


@pytest.fixture
def broken_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a picamera2 in the way that fails as the real one does beside another numpy."""
    said = "numpy.dtype size changed, may indicate binary incompatibility"
    (tmp_path / "picamera2.py").write_text(f"raise ValueError({said!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return f"the camera's driver failed (ValueError: {said})"


async def test_a_library_that_breaks_as_it_is_loaded(broken_library: str) -> None:
    with pytest.raises(HardwareError) as refused:
        await probe(CameraConfig("picamera2"))
    assert str(refused.value) == broken_library
    camera, sink = CameraProcess(CameraConfig("picamera2"), timeouts=NEVER), Recorder()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(camera.run(sink, ()))
        await sink.until(lambda: camera.status.reason == broken_library)
        task.cancel()
