"""The way to the cloud, one hop after the other."""

import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from likelight.appreciation.sync.client import CloudError, DeviceRefused, FailureKind, Unreachable
from likelight.appreciation.sync.diagnosis import Observed, diagnose
from likelight.config.device_tokens import DeviceTokens
from likelight.config.settings import ConfigError
from likelight.contract.figures import WEAK_DBM
from likelight.feed.upload.handshake import NotUpgraded
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.checks.daemon import superseded
from likelight.fleet.doctor.checks.service import CREDENTIALS
from likelight.fleet.doctor.probes import CloudAccess, TakenForUpload
from likelight.fleet.doctor.system import System
from likelight.runtime.board_figures import wifi_signal as wifi_signal_of
from likelight.runtime.network_manager import ask_link
from likelight.runtime.tls import (
    CaFileError,
    CertificateFault,
    certificate_fault,
    certificate_words,
)

BY_PROXY = "cloud.proxy stands in between: see cloud"
EMBEDDED = "the cloud runs inside likelight"


def _cloud(system: System) -> tuple[str, str, int] | None:
    """Return the cloud's scheme, host and port."""
    if system.config.cloud.url is None:
        return None
    url = urlsplit(system.config.cloud.url)
    return url.scheme, url.hostname or "", url.port or (80 if url.scheme == "http" else 443)


def _routes(system: System) -> dict[int, str] | None:
    """Return the interfaces of the default routes by address family, or None when they can't be
    read."""
    four, six = system.text("/proc/net/route"), system.text("/proc/net/ipv6_route")
    if four is None:
        return None
    found: dict[int, str] = {}
    for fields in map(str.split, four.splitlines()[1:]):
        if len(fields) > 7 and fields[1] == fields[7] == "00000000":
            found.setdefault(socket.AF_INET, fields[0])
    for fields in map(str.split, (six or "").splitlines()):
        if len(fields) > 9 and set(fields[0]) == {"0"} and fields[1] == "00" and fields[9] != "lo":
            found.setdefault(socket.AF_INET6, fields[9])
    return found


@check(
    "local-network",
    what="The store's own network lets this device in",
    why="A wrong Wi-Fi password, no such Wi-Fi, no cable, or a router that gives no address",
    fix="`nmcli device` shows each way into the network",
)
def local_network(system: System) -> Finding:
    if _cloud(system) is None:
        return skip(EMBEDDED)
    link = ask_link(system.run)
    if link is None:
        return skip("NetworkManager doesn't answer")
    if (obstacle := diagnose(Observed(link))) is not None:
        return fail(f"{obstacle.code}: {obstacle.said}", obstacle.fix)
    return ok(link)


@check(
    "route",
    what="There is a way out of this network",
    why="A cable that is not plugged in, or a Wi-Fi that was never joined",
    fix="Plug in the cable, or `sudo nmtui` joins a Wi-Fi",
)
def route(system: System) -> Finding:
    if _cloud(system) is None:
        return skip(EMBEDDED)
    ways = _routes(system)
    if ways is None:
        return skip("the kernel doesn't report it")
    if not ways:
        return fail("no default route")
    kinds = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
    return ok(", ".join(f"{kinds[socket.AddressFamily(way)]} by {ways[way]}" for way in ways))


@check(
    "wifi-signal",
    what="The Wi-Fi is strong enough",
    why="Steel and ovens weaken it: likes come late, and the stream stutters",
    fix="Use a cable, or move the access point or the Pi",
)
def wifi_signal(system: System) -> Finding:
    found = wifi_signal_of(system.root)
    if found is None:
        return skip("no Wi-Fi in use")
    signal = f"{found.interface}: {found.dbm} dBm"
    return warn(signal) if found.dbm < WEAK_DBM else ok(signal)


@check(
    "wifi-power-save",
    what="The Wi-Fi's power saving is off",
    why="Power saving delays everything that comes in by up to a second, and drops links",
    fix="`sudo nmcli connection modify NAME 802-11-wireless.powersave 2`, and connect again",
)
def wifi_power_save(system: System) -> Finding:
    lines = (system.text("/proc/net/wireless") or "").splitlines()[2:]
    if not lines:
        return skip("no Wi-Fi in use")
    name = lines[0].partition(":")[0].strip()
    try:
        said = system.run(("iw", "dev", name, "get", "power_save"))
    except FileNotFoundError:
        return skip("there is no iw to ask")
    if "Power save: on" in said:
        return warn(f"{name} saves power")
    return ok(f"{name} is awake") if "Power save: off" in said else skip(f"{name} reports nothing")


@check(
    "dns",
    what="The cloud's name can be looked up",
    why="Many store networks let only their own name server through",
    fix="Use the name server that this network hands out, and let it know the cloud's name",
)
def dns(system: System) -> Finding:
    if (cloud := _cloud(system)) is None:
        return skip(EMBEDDED)
    if system.config.cloud.proxy is not None:
        return skip(BY_PROXY)
    try:
        families = system.resolve(cloud[1])
    except OSError as error:
        return fail(f"{cloud[1]}: {error.strerror or error}")
    ways = _routes(system)
    if ways and not families & ways.keys():
        lacks = "IPv6" if socket.AF_INET6 in ways else "IPv4"
        return fail(
            f"this network is {lacks} only, and {cloud[1]} has no {lacks} address",
            f"give the cloud an {lacks} address, or this network a way (NAT64)",
        )
    return ok(cloud[1])


@check(
    "tls",
    what="The cloud's certificate is good",
    why="A wrong clock, an authority of your own, or a proxy that decrypts all traffic in between",
    fix="Let this device reach the cloud without a proxy that opens its connections",
)
def tls(system: System) -> Finding:
    if (cloud := _cloud(system)) is None:
        return skip(EMBEDDED)
    if system.config.cloud.proxy is not None:
        return skip(BY_PROXY)
    scheme, host, port = cloud
    if scheme == "http":
        return warn("cloud.url is http: token and notes are sent unencrypted", "use https")
    try:
        system.handshake(host, port, _ca_file(system))
    except CaFileError as error:
        return fail(f"cloud.ca_file: {error}", "put the authority's certificate (PEM) there")
    except ssl.SSLCertVerificationError as error:
        return _refused(system, error, host, port)
    except ssl.SSLError as error:
        words = f"what answers on {host} port {port} does not speak TLS as it should"
        return fail(f"{words} ({error.reason})", _ANOTHER_PORT)
    except OSError as error:
        return fail(f"{host} port {port} can't be reached: {error.strerror or error}", _LET_OUT)
    return ok(host)


_LET_OUT = "let TCP to that host and port out of the store's firewall"
_ANOTHER_PORT = (
    "write the port of the cloud's https:// into cloud.url; or a proxy or a log-in page stands in "
    "between: let this device past it"
)
_MAKE_IT_AGAIN = (
    "make the authority's certificate again, with basicConstraints = critical,CA:TRUE and "
    "keyUsage = critical,keyCertSign, and the server's, with authorityKeyIdentifier = keyid"
)


def _refused(system: System, error: ssl.SSLCertVerificationError, host: str, port: int) -> Finding:
    """Return what is wrong with the certificate, and who can mend it."""
    words, ca_file = certificate_words(error), system.config.cloud.ca_file
    match certificate_fault(error):
        case CertificateFault.EXPIRED | CertificateFault.NOT_YET_VALID:
            now = f"{system.now():%Y-%m-%d %H:%M} UTC"
            fix = f"see clock; if it is {now} now, the cloud's server needs a new certificate"
        case CertificateFault.UNKNOWN_AUTHORITY:
            words += f" (issuer: {system.issuer_of(host, port) or 'not shown'})"
            own = f"put its certificate into {ca_file}" if ca_file else _SET_CA_FILE
            fix = f"if it is your own authority, {own}; if not: {tls.fix}"
        case CertificateFault.OTHER_NAME:
            words += f" than {host}"
            fix = f"give the cloud's server a certificate for {host}, or mend cloud.url"
        case CertificateFault.AGAINST_RULES:
            fix = _MAKE_IT_AGAIN
        case _:
            fix = tls.fix
    return fail(words, fix)


_SET_CA_FILE = "set cloud.ca_file to the file (PEM) of its certificate"


def _ca_file(system: System) -> Path | None:
    file = system.config.cloud.ca_file
    return None if file is None else system.at(file)


@check(
    "cloud",
    what="The cloud knows this device",
    why="A token that was revoked, or one of another kitchen, is refused for good",
    fix="Enrol this kitchen again: `likelight-cloud kitchen code KID` on the cloud's server, then "
    "here `sudo likelight pair CODE`",
)
def cloud(system: System) -> Finding:
    access = _access(system)
    if isinstance(access, Finding):
        return access
    try:
        newest = _asked(system, access)
    except DeviceRefused as refused:
        return fail(f"{refused}")
    except Unreachable as error:
        return fail(
            f"no cloud: {error}",
            "see dns and tls" if error.failure is not FailureKind.CLOUD else _IS_IT_UP,
        )
    except CloudError as error:
        return warn(str(error))
    if superseded(system):
        return fail("it answers, but another device uses this one's token", "see daemon")
    if not newest:
        return warn("it refuses the token that came last; the device goes on with the one before")
    return ok(f"it answers for {access.kid}")


def _asked(system: System, access: CloudAccess) -> bool:
    """Ask as the daemon does; return whether the first token is taken. Raises `CloudError`."""
    try:
        system.ask_cloud(access)
    except DeviceRefused:
        for token in access.others:
            with suppress(DeviceRefused):
                system.ask_cloud(replace(access, token=token))
                return False
        raise
    return True


_IS_IT_UP = "make sure that the cloud runs, and that it is the one at cloud.url"


@check(
    "upload",
    what="The picture can reach the cloud",
    why="It goes out over a WebSocket, which some proxies block while likes and notes pass",
    fix="See cloud",
)
def upload(system: System) -> Finding:
    access = _access(system)
    if isinstance(access, Finding):
        return access
    try:
        system.ask_upload(access)
    except NotUpgraded as answer:
        if not answer.refuses and answer.status in _NO_UPGRADE:
            return fail(
                f"a proxy in between lets no WebSocket through (status {answer.status})",
                "let the proxy pass Upgrade and Connection headers",
            )
        return fail(f"the relay can't be reached: {answer}")
    except TakenForUpload as error:
        return warn(
            f"a WebSocket gets through, but {error}: a running one may pause for a minute",
            "let the cloud answer ?probe=1 as cloud/CONTRACT.md says",
        )
    except Unreachable as error:
        return fail(f"the relay can't be reached: {error}")
    return ok("a WebSocket gets through")


_NO_UPGRADE = (200, 400, 426)
"""What a server answers to a handshake that came without its Upgrade header."""


def _access(system: System) -> CloudAccess | Finding:
    """Return what is needed to ask the cloud of `cloud.url`, or why it can't be asked."""
    config = system.config
    url, file = config.cloud.url, config.token_file
    if url is None:
        return skip(EMBEDDED)
    try:
        token, *others = DeviceTokens(
            system.at(file), system.at(config.state_dir), url, config.kitchen.id
        ).read()
    except ConfigError as error:
        kept = file.is_relative_to(CREDENTIALS)
        if kept or isinstance(error.__cause__, PermissionError):
            return skip("you may not read the token; try it with sudo, or look at /healthz")
        if isinstance(error.__cause__, FileNotFoundError) and config.cloud.token_file is None:
            return fail(
                "not paired: it has no token yet",
                "have an operator confirm the code that it shows (see daemon), or "
                "`sudo likelight pair`",
            )
        return fail(
            str(error), f"put the token alone into {file}, in one line; see secret-files and daemon"
        )
    return CloudAccess(
        url, config.kitchen.id, token, config.cloud.proxy, _ca_file(system), tuple(others)
    )


WAY_OUT: tuple[Check, ...] = (local_network, route, wifi_signal, wifi_power_save, dns)
CLOUD: tuple[Check, ...] = (tls, cloud)
CHECKS: tuple[Check, ...] = (*WAY_OUT, *CLOUD, upload)
