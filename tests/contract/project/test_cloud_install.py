"""A cloud server, installed from its own lock as its README says, starts and answers.

Its environment has nothing of a device: no PyAV, no gpiozero. It needs a package index.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
SECONDS = 150
"""For the whole installation on a busy machine; it takes some 10 s on an idle one."""

pytestmark = pytest.mark.timeout(2 * SECONDS)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return the folder of the programs of a new environment, made from the cloud's lock alone."""
    venv.create(tmp_path / "environment")
    programs = tmp_path / "environment" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "-q"]
    pip += ["--no-compile", "--disable-pip-version-check"]
    lock = PROJECT / "cloud" / "requirements.lock"
    _run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    _run(*pip, "--no-deps", "--no-build-isolation", str(PROJECT))
    return programs


def test_a_cloud_server_starts_from_its_lock_alone(programs: Path, tmp_path: Path) -> None:
    cloud = str(programs / "likelight-cloud")
    _run(cloud, "init", cwd=tmp_path)
    added = _run(cloud, "kitchen", "add", "demo", "Demo", cwd=tmp_path)
    assert len(added.splitlines()[-1]) == 43
    serve = [cloud, "serve", "--port", "0", "--admin-port", "0"]
    with subprocess.Popen(
        serve, cwd=tmp_path, env=_environment(), stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            found = re.fullmatch(
                r"The cloud answers at (\S+), and .* at (\S+)/readyz and .*\n", line
            )
            assert found, line + server.stderr.read()
            public, admin = found.groups()
            assert json.loads(_get(f"{public}/healthz")) == {"well": True}
            assert json.loads(_get(f"{public}/v1/kitchens/demo"))["name"] == "Demo"
            assert b"<html" in _get(f"{public}/k/demo")
            assert _get(f"{public}/k/demo/card.png").startswith(b"\x89PNG")
            assert b"likelight_cloud_ready 1.0" in _get(f"{admin}/metrics")
        finally:
            server.terminate()
        assert server.wait(20) == 0


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment() -> dict[str, str]:
    """Return our environment without what would lead to our own packages."""
    ours = ("PYTHONPATH", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=100) as reply:
        body = reply.read()
        assert isinstance(body, bytes)
        return body
