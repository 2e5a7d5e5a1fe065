"""`init --domain` writes what a server needs; systemd and nginx take it as it is."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from likelight_cloud.cli import deployment
from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from support.nginx import NGINX, needs_nginx

UNITS = sorted(
    f"likelight-cloud{kind}" for kind in (".service", ".socket", "-backup.service", "-backup.timer")
)


@pytest.fixture
def files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """The folder that the command has written, for a database beside it."""
    monkeypatch.chdir(tmp_path)
    words = ("init", "--database", "cloud.sqlite3", "--domain", "Kitchens.Example.com")
    assert main(words) == 0
    (tmp_path / "told").write_text(capsys.readouterr().out)
    return tmp_path / "likelight-cloud-files"


def test_the_files_name_domain_database_and_program(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = (tmp_path / "told").read_text()
    assert f"mv -n {tmp_path}/cloud.sqlite3 /var/lib/likelight-cloud/\n" in told
    assert stat.S_IMODE(files.stat().st_mode) == 0o700
    assert sorted(file.name for file in files.iterdir()) == sorted(
        [*UNITS, "likelight-cloud.sysusers", "likelight.conf", "options"]
    )
    for file in files.iterdir():
        assert str(file) in told, "each has its command"
    assert (files / "options").read_text() == (
        'OPTIONS="--public-url https://kitchens.example.com --trusted-proxy 127.0.0.1"\n'
        'LIKELIGHT_DATABASE="/var/lib/likelight-cloud/cloud.sqlite3"\n'
    )
    program = Path(sys.executable).with_name("likelight-cloud")
    for name in ("likelight-cloud.service", "likelight-cloud-backup.service"):
        text = (files / name).read_text()
        assert f"\nExecStart={program} " in text
    assert "\n    server_name kitchens.example.com;\n" in (files / "likelight.conf").read_text()
    again = ("init", "--database", "other.sqlite3", "--domain", "kitchens.example.com")
    assert main(again) == 2
    assert "likelight-cloud-files is there already" in capsys.readouterr().err
    assert not (tmp_path / "other.sqlite3").exists()


def test_a_password_is_in_the_environment_file_alone(tmp_path: Path) -> None:
    database = database_of('postgresql://likelight:a"b$c@db.example/kitchens')
    commands = deployment.write_deployment(tmp_path / "f", database, "kitchens.example.com")
    assert 'a"b' not in commands
    assert (
        'DATABASE="postgresql://likelight:a\\"b\\$c@db.example/kitchens"\n'
        in (tmp_path / "f" / "options").read_text()
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_the_units(files: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(files / unit) for unit in UNITS)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert "likelight" not in done.stderr
    for name in ("likelight-cloud.service", "likelight-cloud-backup.service"):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--threshold=12", str(files / name)],
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout


@needs_nginx
def test_nginx_takes_its_file(files: Path, tmp_path: Path) -> None:
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/nginx.pid; events {{}} http {{ access_log off;"
        f" client_body_temp_path {tmp_path}/body; include {files}/likelight.conf; }}"
    )
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(config), "-e", "stderr"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr


def test_the_nightly_backup_keeps_the_newest_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"likelight-cloud-2026-01-0{day}T030000Z.backup").touch()
    (folder / "mine.backup").touch()
    assert main(["backup", "--keep", "3", "backups"]) == 0
    kept = sorted(file.name for file in folder.iterdir())
    assert len(kept) == 4
    assert kept[:2] == [f"likelight-cloud-2026-01-0{day}T030000Z.backup" for day in (3, 4)]
    assert kept[-1] == "mine.backup"
    assert main(["restore", "--dry-run", f"backups/{kept[2]}"]) == 0
    with pytest.raises(SystemExit):
        main(["backup", "--keep", "0", "backups"])
    assert "0 is not a number from 1 to 1000" in capsys.readouterr().err
