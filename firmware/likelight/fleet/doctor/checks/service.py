"""The daemon as a service: its user, its unit, its watchdogs, its port, its secrets."""

import stat
from pathlib import Path

from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.checks.pins import daemons, gpio
from likelight.fleet.doctor.system import System
from likelight.web.http.address import EVERYWHERE

NO_UNIT = "likelight is not installed as a service here"
MANY_RESTARTS = 3
_SHOWN = ("ActiveState", "SubState", "Result", "ExecMainStatus", "NRestarts")
WATCHDOG = "/sys/class/watchdog/watchdog0"
CREDENTIALS = "/run/credentials"
"""Where systemd keeps a service's secrets from everybody else."""
BOOT_SECRETS = ("user-data", "network-config", "wpa_supplicant.conf", "custom.toml", "firstrun.sh")
_SECRET_WORDS = ("password:", "psk=", "passwd", "password =", "auth_key")


@check(
    "service",
    what="The service runs",
    why="A service that is down, or that starts again and again, shows no like",
    fix="sudo likelight config check; sudo systemctl restart likelight",
)
def service(system: System) -> Finding:
    if system.unit is None:
        return skip(NO_UNIT)
    try:
        said = system.run(("systemctl", "show", "likelight", f"--property={','.join(_SHOWN)}"))
    except FileNotFoundError:
        return skip("there is no systemctl to ask")
    shown = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if "ActiveState" not in shown:
        return skip(f"systemd can't be asked: {said.strip()}")
    if shown["ActiveState"] != "active":
        state = f"{shown['ActiveState']} ({shown.get('SubState', '?')})"
        ended = f"result {shown.get('Result', '?')}, status {shown.get('ExecMainStatus', '?')}"
        return fail(f"{state}, {ended}: {_last_error(system)}")
    restarts = int(shown.get("NRestarts") or 0)
    if restarts > MANY_RESTARTS:
        return warn(f"it was started again {restarts} times: {_last_error(system)}")
    return ok(f"{shown['ActiveState']}, started again {restarts} times")


def _last_error(system: System) -> str:
    """Return the last error that the service left in the journal."""
    words = ("journalctl", "-u", "likelight", "-p", "err", "-n", "1", "-o", "cat", "--no-pager")
    try:
        lines = system.run((*words, "-q")).strip().splitlines()
    except FileNotFoundError:
        return "there is no journalctl to ask"
    return lines[-1] if lines else "the journal has no error of it (try it with sudo)"


@check(
    "service-groups",
    what="The groups that the service needs exist",
    why="systemd doesn't start a service whose group is unknown (status=216/GROUP)",
    fix="sudo systemd-sysusers likelight.conf (systemd/likelight.sysusers), or groupadd --system",
)
def service_groups(system: System) -> Finding:
    if system.unit is None:
        return skip(NO_UNIT)
    needed = (system.unit_setting("SupplementaryGroups") or "").split()
    missing = [group for group in needed if group not in system.groups]
    return fail(f"missing: {', '.join(missing)}") if missing else ok(" ".join(needed))


@check(
    "one-daemon",
    what="One likelight runs, not two",
    why="Pins and the camera have one owner: the second gets nothing",
    fix="End the one that was started by hand, and leave it to systemctl",
)
def one_daemon(system: System) -> Finding:
    if not gpio(system) and system.config.camera.driver not in ("picamera2", "usb"):
        return skip("what is simulated can run as often as one likes")
    running = daemons(system)
    if len(running) > 1:
        return fail(f"processes {' and '.join(running)}")
    return ok(f"process {running[0]}" if running else "none runs now")


@check(
    "state-owner",
    what="What the daemon keeps is its own",
    why="Once started with sudo, likelight leaves files that root owns; the daemon then stops",
    fix="sudo chown -R likelight: DIRECTORY (state_dir)",
)
def state_owner(system: System) -> Finding:
    if system.unit is None:
        return skip(NO_UNIT)
    directory = system.at(system.config.state_dir)
    if not directory.is_dir():
        return skip("nothing is kept yet")
    for entry in (directory, *directory.iterdir()):
        if entry.stat().st_uid != system.account.uid:
            return fail(f"{entry.name} belongs to somebody else than {system.account.name}")
    return ok(f"all of it is {system.account.name}'s")


@check(
    "watchdog-service",
    what="systemd restarts a likelight that hangs",
    why="A daemon that hangs holds its lights as they were",
    fix="Install systemd/likelight.service as it is: WatchdogSec=30, Type=notify",
)
def watchdog_service(system: System) -> Finding:
    if system.unit is None:
        return skip(NO_UNIT)
    after = system.unit_setting("WatchdogSec")
    if not after or after in ("0", "infinity"):
        return fail("its unit has no WatchdogSec")
    return ok(f"after {after} s") if after.isdigit() else ok(f"after {after}")


@check(
    "watchdog-board",
    what="The board restarts itself when its kernel hangs",
    why="In a store nobody is there to switch it off and on",
    fix="RuntimeWatchdogSec=15 under [Manager] in /etc/systemd/system.conf.d/watchdog.conf",
)
def watchdog_board(system: System) -> Finding:
    if system.model is None:
        return skip("not a Raspberry Pi")
    state = system.text(f"{WATCHDOG}/state")
    if state is None:
        return fail("there is no hardware watchdog", "add dtparam=watchdog=on to config.txt")
    if state != "active":
        return fail("it is not armed")
    return ok(f"after {system.text(f'{WATCHDOG}/timeout') or '?'} s")


@check(
    "port",
    what="likelight has its port",
    why="Where another program has the port, the page can't open",
    fix="Stop the other program, or choose another web.port",
)
def port(system: System) -> Finding:
    host, number = system.config.web.host, system.config.web.port
    try:
        if system.is_free(host, number):
            return ok(f"port {number} is free")
    except OSError as error:
        return fail(f"can't listen on {host}: {error.strerror}", "set web.host to an own address")
    kitchen = system.answers_as(EVERYWHERE.get(host, host), number)
    if kitchen is None:
        return fail(f"something else listens on port {number}")
    return ok(f"likelight answers on port {number} for the kitchen {kitchen}")


@check(
    "secret-files",
    what="Only the daemon can read its secrets",
    why="Anybody with the token can act as this kitchen; a daemon that can't read it gets no likes",
    fix="sudo chown likelight FILE, sudo chmod 600 FILE",
)
def secret_files(system: System) -> Finding:
    named = (system.config.cloud.token_file, system.config.push.url_file)
    files = [file for file in named if file and not file.is_relative_to(CREDENTIALS)]
    if not files:
        return skip("no file of the configuration holds a secret")
    for file in files:
        try:
            status = system.at(file).stat()
        except PermissionError:
            raise
        except OSError as error:
            return fail(f"{file} can't be looked at: {error.strerror}")
        if status.st_mode & 0o077:
            return fail(f"{file} can be read by others", f"sudo chmod 600 {file}")
        if not _can_read(system, status.st_uid, status.st_mode):
            return fail(
                f"{system.account.name} can't read {file}",
                f"sudo chown {system.account.name} {file}",
            )
    return ok(", ".join(str(file) for file in files))


def _can_read(system: System, owner: int, mode: int) -> bool:
    uid = system.account.uid
    return uid == 0 or (uid == owner and bool(mode & stat.S_IRUSR))


@check(
    "boot-secrets",
    what="No password is left on the boot partition",
    why="Anybody who takes the card out can read it on any computer, the Wi-Fi's password included",
    fix="Remove that file from the boot partition, once the first boot is over",
)
def boot_secrets(system: System) -> Finding:
    if system.model is None:
        return skip("not a Raspberry Pi")
    folder = Path("/boot/firmware" if system.at("/boot/firmware").is_dir() else "/boot")
    for name in BOOT_SECRETS:
        text = (system.text(folder / name) or "").lower()
        live = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        if any(word in line for line in live for word in _SECRET_WORDS):
            return warn(f"{folder / name} holds one")
    return ok("none")


CHECKS: tuple[Check, ...] = (
    service,
    service_groups,
    one_daemon,
    state_owner,
    watchdog_service,
    watchdog_board,
    port,
    secret_files,
    boot_secrets,
)
