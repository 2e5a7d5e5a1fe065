"""The daemon as a service: its user, its unit, its watchdogs, its port, its secrets."""

from pathlib import Path

from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.checks.pins import daemons, gpio
from likelight.fleet.doctor.system import System
from likelight.web.http.address import EVERYWHERE

NO_UNIT = "likelight is not installed as a service here"
MANY_RESTARTS = 3
"""In a day: an upgrade, a reboot and a changed configuration are three good reasons."""
RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"
"""The MESSAGE_ID of systemd's "Scheduled restart job" (SD_MESSAGE_UNIT_RESTART_SCHEDULED)."""
_JOURNAL = ("journalctl", "-q", "--no-pager")
UNPRIVILEGED_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
HIDDEN_HOMES = ("/home", "/root", "/run/user")
"""What the unit's ProtectHome= hides."""
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
    fix="`sudo likelight config check`, then `sudo systemctl restart likelight`",
)
def service(system: System) -> Finding:
    if system.unit is None:
        return skip(NO_UNIT)
    try:
        said = system.run(("systemctl", "show", "likelight", f"--property={','.join(_SHOWN)}"))
    except FileNotFoundError:
        return skip("there is no systemctl")
    shown = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if "ActiveState" not in shown:
        return skip(f"systemd can't be asked: {said.strip()}")
    if shown["ActiveState"] != "active":
        state = f"{shown['ActiveState']} ({shown.get('SubState', '?')})"
        ended = f"result {shown.get('Result', '?')}, status {shown.get('ExecMainStatus', '?')}"
        return fail(f"{state}, {ended}: {_last_error(system)}")
    restarts = _restarts_of_a_day(system)
    if restarts is None:
        since = int(shown.get("NRestarts") or 0)
        words = (
            f"active; systemd started it again {since} times since a person did, and of the last "
            "day nothing is known: the journal can't be read (try it with sudo)"
        )
        return warn(words) if since > MANY_RESTARTS else ok(words)
    told = f"systemd started it again {restarts} times in the last day"
    if restarts > MANY_RESTARTS:
        return warn(f"{told}: {_last_error(system)}")
    return ok(f"active; {told}")


def _restarts_of_a_day(system: System) -> int | None:
    """Return how often systemd started the service again after it had ended by itself.

    None where the journal can't be read. NRestarts of systemctl counts since a person started it.
    """
    by_systemd = (*_JOURNAL, "-o", "json", "_PID=1")
    scheduled = ("UNIT=likelight.service", f"MESSAGE_ID={RESTART_SCHEDULED}")
    try:
        # An empty answer also comes from a journal that this account may not read.
        if not _json_lines(system.run((*by_systemd, "-n", "1"))):
            return None
        return _json_lines(system.run((*by_systemd, *scheduled, "--since=-24h")))
    except FileNotFoundError:
        return None


def _json_lines(said: str) -> int:
    return sum(line.startswith("{") for line in said.splitlines())


def _last_error(system: System) -> str:
    """Return the last error that the service left in the journal."""
    words = (*_JOURNAL, "-u", "likelight", "-p", "err", "-n", "1", "-o", "cat")
    try:
        lines = system.run(words).strip().splitlines()
    except FileNotFoundError:
        return "there is no journalctl"
    return lines[-1] if lines else "the journal has no error of it (try it with sudo)"


@check(
    "service-groups",
    what="The groups that the service needs exist",
    why="systemd doesn't start a service whose group is unknown (status=216/GROUP)",
    fix="`sudo groupadd --system GROUP`; systemd/likelight.sysusers has them all",
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
    fix="`sudo chown -R likelight: DIRECTORY` (state_dir)",
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
    fix="Install systemd/system.conf.d/likelight.conf (the package has it), and start again",
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
    if number < (lowest := _lowest_port(system)):
        return fail(
            f"{system.account.name} may not listen on port {number}: the kernel gives ports below "
            f"{lowest} to root only",
            f"set web.port to {lowest} or more",
        )
    try:
        if system.is_free(host, number):
            return ok(f"port {number} is free")
    except OSError as error:
        return fail(f"can't listen on {host}: {error.strerror}", "set web.host to an own address")
    kitchen = system.answers_as(EVERYWHERE.get(host, host), number)
    if kitchen is None:
        return fail(f"something else listens on port {number}")
    return ok(f"likelight answers on port {number} for the kitchen {kitchen}")


def _lowest_port(system: System) -> int:
    """Return the lowest port that the daemon's account may listen on."""
    capabilities = (system.unit_setting("AmbientCapabilities") or "").upper().split()
    # In a user namespace of its own they don't count for the network.
    if (system.unit_setting("PrivateUsers") or "no").lower() not in ("no", "false", "off", "0"):
        capabilities = []
    if system.account.uid == 0 or "CAP_NET_BIND_SERVICE" in capabilities:
        return 1
    said = system.text(UNPRIVILEGED_PORT) or ""
    return int(said) if said.isdigit() else 1024


@check(
    "secret-files",
    what="Only the daemon can read its secrets",
    why="Anybody with the token can act as this kitchen; a daemon that can't read it gets no likes",
    fix="`sudo chown likelight FILE`, `sudo chmod 600 FILE`",
)
def secret_files(system: System) -> Finding:
    config = system.config
    token = config.token_file if config.cloud.url is not None else None
    named = (token, config.push.url_file)
    files = [file for file in named if file and not file.is_relative_to(CREDENTIALS)]
    if not files:
        return skip("no file of the configuration holds a secret")
    there = list[str]()
    for file in files:
        try:
            status = system.at(file).stat()
        except PermissionError:
            raise
        except OSError as error:
            if file == token and config.cloud.token_file is None:
                continue  # the device draws it itself once it is paired
            return fail(
                f"{file} can't be looked at: {error.strerror}",
                "put the secret there, in a file of mode 0600, or mend its name",
            )
        if status.st_mode & 0o077:
            return fail(f"{file} can be read by others", f"`sudo chmod 600 {file}`")
        if closed := _closed(system, file, f"`sudo chown {system.account.name} {file}`"):
            return closed
        there.append(str(file))
    return ok(", ".join(there)) if there else skip("not paired: it has no token yet")


def _closed(system: System, file: Path, mend: str) -> Finding | None:
    """Return what keeps the daemon from reading `file`, None when it can.

    `mend` is the fix where `file` itself is closed. Raises `OSError`.
    """
    name = system.account.name
    hides = (system.unit_setting("ProtectHome") or "no").lower()
    if hides not in ("no", "false", "off", "0") and any(map(file.is_relative_to, HIDDEN_HOMES)):
        return fail(
            f"the service sees nothing of {file} (ProtectHome={hides} in its unit)",
            f"put it into /etc/likelight: `sudo cp {file} /etc/likelight/`",
        )
    at = system.closed_to_daemon(file)
    if at is None:
        return None
    if at == file:
        return fail(f"{name} can't read {file}", mend)
    return fail(f"{name} can't read {file}: it may not enter {at}", f"`sudo chmod a+x {at}`")


@check(
    "named-files",
    what="The daemon can read the files that its configuration names",
    why="It is not root: what you can read may be closed to it, or hidden by its unit",
    fix="`sudo chmod a+r FILE`, and `sudo chmod a+x FOLDER` for each folder above it",
)
def named_files(system: System) -> Finding:
    config = system.config
    named = (
        config.cloud.ca_file,
        config.push.ca_file,
        config.kitchen.catalogue,
        config.camera.path,
    )
    files = [file for file in named if file is not None]
    for file in files:
        try:
            closed = _closed(system, file, f"`sudo chmod -R a+rX {file}`")
        except FileNotFoundError as error:
            return fail(
                f"{file} can't be looked at: {error.strerror}", "put it there, or mend its name"
            )
        if closed:
            return closed
    return ok(", ".join(map(str, files))) if files else skip("the configuration names none")


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
    named_files,
    boot_secrets,
)
