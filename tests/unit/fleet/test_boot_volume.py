"""`likelight.txt` is taken over by a device: a new one, and one that has enrolled."""

import fcntl
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from likelight.cli import boot_volume
from likelight.cli import target as cli_target
from likelight.config.boot_report import NOTHING, read_report
from likelight.config.settings import read_config
from likelight.contract.enrolment import new_code
from likelight.fleet.boot_volume.take import Places, Taken, network_has_worked, take
from likelight.fleet.seed.boot_text import boot_text
from likelight.fleet.stores.details import Details
from likelight.fleet.stores.rows import StoreRow
from likelight.gate.consent import Consent, write_consent
from likelight.runtime.clock import utc_now

DISPATCHER = Path(__file__).parents[3] / "systemd" / "90-likelight"
SECRET = "open-sesame"
CODE = new_code()
WIFI = f"ssid = Kitchen\r\nsecurity = wpa2\r\npassphrase = {SECRET}\r\n".encode()
DETAILS = Details(
    timezone="Europe/Berlin", country="DE", language="de", board="pi-5", kit="reference"
)
SEED = boot_text(StoreRow("0421", 'Fries 🍟 "\\ 7', DETAILS, {}), "https://cloud.example", CODE)
ENROLLED = {
    "store": "0421",
    "cloud": "https://cloud.example",
    "board": "pi-5",
    "kit": "reference",
    "timezone": "Europe/Berlin",
}


class Device:
    """Its boot volume, and where it keeps what it takes over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = folder / "boot" / "likelight.txt"
        self.report = folder / "run" / "report.json"
        self.places = Places(folder / "etc" / "likelight.toml", folder / "profiles", self.report)
        self.code = folder / "etc" / "enrolment-code"
        self.profile = folder / "profiles" / "likelight.nmconnection"
        for name in ("boot", "profiles"):
            (folder / name).mkdir()

    def takes(self, content: bytes | None = None, enrolled: dict[str, str] | None = None) -> Taken:
        if content is not None:
            self.text.write_bytes(content)
        return take(self.text.parent, self.places, enrolled)

    def network_works(self) -> bool:
        return network_has_worked(self.text.parent, self.places)

    def has(self, secret: str) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path.name for path in files if secret.encode() in path.read_bytes()]


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def test_a_new_device_becomes_what_its_seed_says(device: Device) -> None:
    assert device.takes() == Taken(), "no file, nothing to do"
    device.text.write_bytes(SEED + WIFI)
    before = device.folder / "before"
    os.link(device.text, before)
    umask = os.umask(0o077)  # that of its unit
    try:
        assert device.takes() == Taken(changed=True, network=True)
    finally:
        os.umask(umask)
    config = read_config(device.places.config)
    kitchen = config.kitchen
    assert (kitchen.id, kitchen.name) == ("0421", 'Fries 🍟 "\\ 7')
    assert (kitchen.language, kitchen.timezone) == ("de", "Europe/Berlin")
    assert (config.cloud.url, config.board, config.kit) == (
        "https://cloud.example",
        "pi-5",
        "reference",
    )
    assert config.camera.driver == "picamera2"
    assert device.code.read_text() == CODE
    assert {_mode(path) for path in (device.code, device.profile)} == {0o600}
    folder = device.places.config.parent
    read_by_the_daemon = [folder, folder / "conf.d", *folder.rglob("*.toml")]
    assert [_mode(path) & 0o044 for path in read_by_the_daemon] == [0o044] * 4
    # What Notepad shows has no code, and what stood there on the disk is zeros.
    assert (device.has(SECRET), device.has(CODE)) == (["likelight.txt"], ["enrolment-code"])
    assert before.read_bytes().strip(b"\0") == b""
    text = device.text.read_bytes()
    assert b"#code was taken over by the device\r\n" in text
    assert b"store = 0421\r\n" in text
    assert device.takes() == Taken(), "once only"


def test_a_passphrase_stays_until_it_has_worked_and_is_then_overwritten(device: Device) -> None:
    assert not device.network_works(), "no file"
    device.takes(SEED + WIFI.replace(b"open-sesame", b"open-sesamy"))
    wrong = device.profile.read_bytes()
    # Somebody mends the letter. The old profile, tried once more, says nothing of the new one.
    mended = device.text.read_bytes().replace(b"sesamy", b"sesame")
    device.text.write_bytes(mended)
    assert (device.network_works(), device.text.read_bytes()) == (False, mended)
    assert device.takes() == Taken(changed=True, network=True)
    assert device.profile.read_bytes() != wrong
    before = device.folder / "before"
    os.link(device.text, before)
    assert (device.network_works(), device.has(SECRET)) == (True, [])
    assert before.read_bytes().strip(b"\0") == b""
    text = device.text.read_bytes()
    assert b"#ssid = Kitchen\r\n#security = wpa2\r\n#passphrase has worked, and is" in text
    assert (device.network_works(), device.takes()) == (False, Taken()), "nothing is left to do"
    assert device.profile.exists()


def test_a_draft_that_a_power_cut_has_left_is_overwritten_before_it_is_removed(
    device: Device,
) -> None:
    device.text.write_bytes(SEED + WIFI)
    draft, kept = device.folder / "boot" / "likelight.txt.new", device.folder / "kept"
    draft.write_bytes(WIFI)
    os.link(draft, kept)
    assert device.takes() == Taken(changed=True, network=True)
    assert (draft.exists(), kept.read_bytes().strip(b"\0")) == (False, b"")


def test_only_one_command_at_a_time_changes_the_boot_volume(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[bool]()

    def look(folder: Path) -> None:
        if folder != device.text.parent:
            return
        opened = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen.append(False)
        except BlockingIOError:
            seen.append(True)
        finally:
            os.close(opened)

    monkeypatch.setattr("likelight.fleet.boot_volume.take.sync_folder", look)
    device.takes(SEED + WIFI)
    taking = len(seen)
    assert device.network_works()
    assert (taking > 0, len(seen) > taking, all(seen)) == (True, True, True)


@pytest.mark.parametrize(
    ("event", "connection", "told"),
    [
        ("up", "likelight-wifi", "boot-volume --network-works\n"),
        ("up", "likelight-wired", "boot-volume --network-works\n"),
        ("up", "a cable", ""),
        ("dhcp4-change", "likelight-wifi", ""),
        ("down", "likelight-wifi", ""),
    ],
)
def test_networkmanager_tells_when_it_has_worked(
    tmp_path: Path, event: str, connection: str, told: str
) -> None:
    command = tmp_path / "likelight"
    command.write_text('#!/bin/sh\necho "$@"\n')
    command.chmod(0o755)
    environ = {"CONNECTION_ID": connection, "LIKELIGHT": str(command), "PATH": os.environ["PATH"]}
    script = ["/bin/sh", DISPATCHER, "wlan0", event]
    done = subprocess.run(script, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == told


def test_an_enrolled_device_takes_network_name_and_language_alone(device: Device) -> None:
    device.takes(SEED)
    device.code.unlink()
    text = device.text.read_bytes().replace(b"language = de", b"language = en") + WIFI
    text += f"code = {CODE}\r\n".encode()
    assert device.takes(text, ENROLLED) == Taken(changed=True, network=True)
    config = read_config(device.places.config)
    assert (config.kitchen.language, config.kitchen.id, config.board) == ("en", "0421", "pi-5")
    assert (device.has(SECRET), device.has(CODE)) == (["likelight.txt"], [])


def test_once_its_crew_has_consented_a_device_without_a_cloud_keeps_its_hours_and_its_kitchen(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = device.places.config.parent
    places = cli_target.Places(device.places.config)
    monkeypatch.setattr(cli_target, "Places", lambda: places)
    folder.mkdir()
    device.places.config.write_text(
        f'state_dir = "{folder}"\n[kitchen]\nid = "0421"\ntimezone = "Europe/Berlin"\n'
        '[schedule]\nmonday = "11:00-23:00"\n'
    )
    assert boot_volume._enrolled() is None, "until then it is a new one"
    signed = Consent(
        kitchen="0421", signed_by="Kim", notice="3", recorded_at=utc_now(), review=date.today()
    )
    write_consent(folder, signed)
    enrolled = dict(boot_volume._enrolled() or {})
    for text, words in (
        (b"timezone = Asia/Tokyo", "write timezone = Europe/Berlin"),
        (b"board = pi-4", "board can't be changed here once a device is a kitchen's: delete the"),
        (b"cloud = https://new.example", "this device has no cloud, and this file names one"),
    ):
        (mistake,) = device.takes(text, enrolled).mistakes
        assert words in str(mistake)
    assert device.takes(b"name = Port\r\n" + WIFI, enrolled) == Taken(changed=True, network=True)
    kitchen = read_config(device.places.config).kitchen
    assert (kitchen.name, kitchen.timezone) == ("Port", "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"store = 0422\r\n" + WIFI, 1),
        (b"cloud = https://other.example\r\n" + WIFI, 1),
        (WIFI + b"board = pi-4\r\n", 4),
        (WIFI + b"consent = yes\r\n", 4),
        (b"ssid = Kitchen\r\n", 1),
    ],
)
def test_with_a_mistake_nothing_changes_and_it_is_said_at_each_boot(
    device: Device, text: bytes, line: int
) -> None:
    device.takes(SEED)
    before = device.places.config.parent / "conf.d" / "boot-volume.toml"
    held = before.read_bytes()
    for _ in range(2):
        taken = device.takes(text, ENROLLED)
        assert ([mistake.line for mistake in taken.mistakes], taken.changed) == ([line], False)
    assert (before.read_bytes(), device.profile.exists()) == (held, False)
    assert device.text.read_bytes() == text
    assert SECRET not in " ".join(map(str, taken.mistakes))
    told = read_report(device.report)
    assert ([wrong.line for wrong in told.mistakes], device.has(SECRET)[1:]) == ([line], [])
    assert (_mode(device.report), _mode(device.report.parent)) == (0o644, 0o755)
    device.takes(SEED, ENROLLED)
    assert read_report(device.report) == NOTHING, "mended"


def test_of_any_number_of_mistakes_twenty_are_told(device: Device) -> None:
    device.takes(b"consent = yes\r\n" * 3000)
    assert [wrong.line for wrong in read_report(device.report).mistakes] == [*range(1, 21)]


def test_a_configuration_that_somebody_has_written_stays(device: Device) -> None:
    device.places.config.parent.mkdir()
    device.places.config.write_text("[web]\nport = 8081\n")
    device.takes(SEED)
    config = read_config(device.places.config)
    assert (config.web.port, config.kitchen.id) == (8081, "0421")
