"""A V4L2 camera that is not there, put under one program by the dynamic linker."""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def build(folder: Path) -> Path:
    """Compile the camera into `folder` with the system's C compiler; return the library."""
    library = folder / "fake_camera.so"
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE],
        check=True,
        timeout=100,
    )
    return library


def environment(
    library: Path, device: Path, fps: int, size: tuple[int, int] = (1280, 720)
) -> dict[str, str]:
    """Return the variables with which a program that opens `device` finds a camera there.

    The file is what the camera sees: a JPEG, or pixels in YUYV, of `size`.
    """
    return {
        "LD_PRELOAD": str(library),
        "FAKE_CAMERA": str(device),
        "FAKE_CAMERA_FPS": str(fps),
        "FAKE_CAMERA_WIDTH": str(size[0]),
        "FAKE_CAMERA_HEIGHT": str(size[1]),
    }
