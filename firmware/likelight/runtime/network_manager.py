"""How this device stands in its local network, as NetworkManager tells over D-Bus.

systemd's `busctl` asks, because it is on every Debian, needs no root for it, and prints names of
networks as bytes and states as numbers in any language. After a failure NetworkManager goes back to
"disconnected" and forgets the reason, so a state in which it would try again counts, too.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

ANSWERS_WITHIN_S: Final = 3.0
_SERVICE: Final = "org.freedesktop.NetworkManager"
_ASK: Final = ("busctl", "--json=short", "--system", "--timeout=2", "call", _SERVICE)
_OBJECTS: Final = (*_ASK, "/org/freedesktop", "org.freedesktop.DBus.ObjectManager")
_MOST_PROFILES: Final = 16

# The numbers are of NetworkManager's D-Bus interface: NMDeviceType, NMDeviceState,
# NMDeviceStateReason, NMConnectivityState.
_ETHERNET, _WIFI, _MODEM = 1, 2, 8
_UNAVAILABLE, _DISCONNECTED, _NEED_AUTH, _IP_CONFIG, _ACTIVATED = 20, 30, 60, 70, 100
_REFUSED: Final = frozenset({7, 8, 9, 10, 11})
"""No secrets; the supplicant was disconnected, had a wrong configuration, failed, or timed out."""
_NO_ADDRESS: Final = frozenset({5, 6, 15, 16, 17})
_UNSEEN: Final = 53
_PORTAL: Final = 2

Run = Callable[[Sequence[str]], str]
"""Runs a command and returns what it printed. Raises `OSError`, `subprocess.TimeoutExpired`."""


class Link(StrEnum):
    """How the device stands in its local network."""

    UP = "up"
    LOG_IN = "log-in"
    """There is an address, and a log-in page before the internet."""
    JOINING = "joining"
    WIFI_OFF = "wifi-off"
    WIFI_UNSEEN = "wifi-unseen"
    WIFI_REFUSED = "wifi-refused"
    NO_ADDRESS = "no-address"
    NOTHING = "nothing"
    """No cable is plugged in, and no Wi-Fi is set."""


_Objects = Mapping[str, Mapping[str, Mapping[str, object]]]
"""Properties by interface by path; each is `{"type": ..., "data": ...}`."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Managed(_Read):
    data: tuple[_Objects]


class _Settings(_Read):
    data: tuple[Mapping[str, object]]


class _Number(_Read):
    data: int


class _Truth(_Read):
    data: bool


class _Reason(_Read):
    data: tuple[int, int]


class _Paths(_Read):
    data: tuple[str, ...]


class _Device(_Read):
    kind: _Number = Field(alias="DeviceType")
    state: _Number = Field(alias="State")
    reason: _Reason = Field(alias="StateReason")
    profiles: _Paths = Field(alias="AvailableConnections")


class _Wired(_Read):
    carrier: _Truth = Field(alias="Carrier")


class _Manager(_Read):
    connectivity: _Number = Field(alias="Connectivity")


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """One network device, in NetworkManager's numbers."""

    kind: int
    state: int
    reason: int
    profiles: frozenset[str]
    """Those that could be used now: the access point is seen, the cable plugged in."""
    carrier: bool = True


def ask_link(run: Run | None = None) -> Link | None:
    """Ask NetworkManager; None where none runs, or it says nothing that can be read. Blocks."""
    run = run or _run
    try:
        (objects,) = _Managed.model_validate_json(run((*_OBJECTS, "GetManagedObjects"))).data
        devices = tuple(_devices(objects))
        up = link_of(devices, frozenset()) is Link.UP
        link = Link.UP if up else link_of(devices, _wifi_profiles(objects, run))
        manager = _Manager.model_validate(objects["/org/freedesktop/NetworkManager"][_SERVICE])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError):
        return None
    portal = manager.connectivity.data == _PORTAL
    return Link.LOG_IN if link is Link.UP and portal else link


def link_of(devices: Sequence[NetworkDevice], wifi: frozenset[str]) -> Link | None:
    """Return how a computer with these devices stands; `wifi` are its Wi-Fi profiles.

    One way that works is enough. Of several that fail, the Wi-Fi counts that a store has set.
    """
    known = [one for one in devices if one.kind in (_ETHERNET, _WIFI, _MODEM)]
    if any(one.state == _ACTIVATED for one in known):
        return Link.UP
    radios = [one for one in known if one.kind == _WIFI] if wifi else []
    for one in radios:
        return _of_radio(one, wifi)
    cables = [one for one in known if one.kind == _ETHERNET and one.carrier]
    if any(one.state == _IP_CONFIG or one.reason in _NO_ADDRESS for one in cables):
        return Link.NO_ADDRESS
    if cables:
        return Link.JOINING
    return Link.NOTHING if known else None


def _of_radio(radio: NetworkDevice, wifi: frozenset[str]) -> Link:
    if radio.state == _NEED_AUTH or radio.reason in _REFUSED:
        return Link.WIFI_REFUSED
    if radio.reason == _UNSEEN:
        return Link.WIFI_UNSEEN
    if radio.state == _IP_CONFIG or radio.reason in _NO_ADDRESS:
        return Link.NO_ADDRESS
    if radio.state == _UNAVAILABLE:
        return Link.WIFI_OFF
    if radio.state == _DISCONNECTED:
        # Our profiles are tried for ever; NetworkManager ends that only where its secret was wrong.
        return Link.WIFI_REFUSED if radio.profiles & wifi else Link.WIFI_UNSEEN
    return Link.JOINING


def _devices(objects: _Objects) -> Iterator[NetworkDevice]:
    for interfaces in objects.values():
        if (said := interfaces.get(f"{_SERVICE}.Device")) is None:
            continue
        device, wired = _Device.model_validate(said), interfaces.get(f"{_SERVICE}.Device.Wired")
        # A container's cable (veth) has a number of its own, and tells the same of itself.
        yield NetworkDevice(
            kind=device.kind.data if wired is None else _ETHERNET,
            state=device.state.data,
            reason=device.reason.data[1],
            profiles=frozenset(device.profiles.data),
            carrier=wired is None or _Wired.model_validate(wired).carrier.data,
        )


def _wifi_profiles(objects: _Objects, run: Run) -> frozenset[str]:
    """Return the paths of all saved profiles of a Wi-Fi. No secret is in what is asked."""
    name = f"{_SERVICE}.Settings.Connection"
    paths = [path for path, interfaces in objects.items() if name in interfaces]
    return frozenset(
        path
        for path in paths[:_MOST_PROFILES]
        if "802-11-wireless"
        in _Settings.model_validate_json(run((*_ASK, path, name, "GetSettings"))).data[0]
    )


def _run(words: Sequence[str]) -> str:
    return subprocess.run(  # noqa: S603  fixed words, and paths that NetworkManager gave
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=ANSWERS_WITHIN_S,
        check=True,
    ).stdout.decode()
