"""Stands in for NetworkManager: the machine that runs the tests has no Wi-Fi.

The answers about the cable have the form of those that NetworkManager 1.42 gave `busctl`, run by a
user who is not root, while no DHCP server answered on the cable. Those about Wi-Fi are written by
hand, with the numbers that NetworkManager's D-Bus interface documents; no Wi-Fi device gave them.
"""

import json
from collections.abc import Sequence

ROOT = "/org/freedesktop/NetworkManager"
NAME = "org.freedesktop.NetworkManager"
CABLE, WIFI, VETH = "cable", "wifi", "veth"
NUMBERS = {CABLE: 1, WIFI: 2, VETH: 20}


class Stand:
    """Answers as `busctl --json=short` does: devices that `has` adds, one Wi-Fi profile or none."""

    def __init__(self, *, wifi: bool = True, connectivity: int = 1) -> None:
        self.asked: list[str] = []
        lo = self.properties(DeviceType=32, State=100, StateReason=[100, 0])
        self.objects: dict[str, dict[str, dict[str, dict[str, object]]]] = {
            ROOT: {NAME: self.properties(Connectivity=connectivity)},
            f"{ROOT}/Devices/1": {
                f"{NAME}.Device": lo | self.properties(AvailableConnections=[self.profile(9)])
            },
        }
        self.wifi = wifi
        for number in (1, 2):
            properties = self.properties(Filename="/etc/NetworkManager/likelight.nmconnection")
            self.objects[self.profile(number)] = {f"{NAME}.Settings.Connection": properties}

    @staticmethod
    def properties(**data: object) -> dict[str, dict[str, object]]:
        return {name: {"type": "-", "data": value} for name, value in data.items()}

    @staticmethod
    def profile(number: int) -> str:
        return f"{ROOT}/Settings/{number}"

    def has(
        self, kind: str, state: int, reason: int = 0, *, seen: bool = False, carrier: bool = True
    ) -> "Stand":
        profiles = [self.profile(1)] if seen else []
        device = {
            f"{NAME}.Device": self.properties(
                DeviceType=NUMBERS[kind],
                State=state,
                StateReason=[state, reason],
                AvailableConnections=profiles,
            )
        }
        if kind != WIFI:
            device[f"{NAME}.Device.Wired"] = self.properties(Carrier=carrier)
        self.objects[f"{ROOT}/Devices/{len(self.objects)}"] = device
        return self

    def __call__(self, words: Sequence[str]) -> str:
        self.asked.append(words[-1])
        if words[-1] == "GetManagedObjects":
            return json.dumps({"type": "a{oa{sa{sv}}}", "data": [self.objects]})
        assert words[-1] == "GetSettings"
        kind = "802-11-wireless" if self.wifi and words[-3].endswith("/1") else "802-3-ethernet"
        return json.dumps({"type": "a{sa{sv}}", "data": [{"connection": {}, kind: {}}]})
