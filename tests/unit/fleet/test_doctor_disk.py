"""The doctor on the disk: that it keeps, has room, and reports no errors."""

from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import disk
from support.doctor import PI_4, Case, assert_seen, assert_shown, with_files

MOUNT = "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n"

CASES = [
    Case("state-lasts", "skip", "doesn't report", {}),
    Case("state-lasts", "ok", "ext4", {}, with_files({"/proc/mounts": MOUNT})),
    Case(
        "state-lasts",
        "fail",
        "read-only",
        {},
        with_files({"/proc/mounts": MOUNT.replace("rw", "ro")}),
    ),
    Case(
        "state-lasts",
        "warn",
        "forgotten",
        {},
        with_files({"/proc/mounts": MOUNT + "tmpfs /state tmpfs rw 0 0\n"}),
    ),
    Case(
        "state-lasts",
        "fail",
        "overlay",
        {},
        with_files({**PI_4, "/proc/mounts": "overlay / overlay rw 0 0\n"}),
    ),
    Case("disk-space", "ok", "9000", {}),
    Case("disk-space", "warn", "400", {}, with_files({}, free_mb=lambda _: 400)),
    Case("disk-space", "fail", "99", {}, with_files({}, free_mb=lambda _: 99)),
    Case("disk-health", "skip", "doesn't report", {}),
    Case(
        "disk-health",
        "ok",
        "none",
        {},
        with_files(
            {
                "/proc/mounts": MOUNT,
                "/sys/fs/ext4/mmcblk0p2/errors_count": "0\n",
                "/sys/fs/ext4/sda1/errors_count": "9\n",
                "/sys/block/mmcblk10/device/life_time": "0x0b 0x0b\n",
            }
        ),
    ),
    Case(
        "disk-health",
        "fail",
        "3 errors",
        {},
        with_files({"/proc/mounts": MOUNT, "/sys/fs/ext4/mmcblk0p2/errors_count": "3\n"}),
    ),
    Case(
        "disk-health",
        "fail",
        "sda1",
        {},
        with_files(
            {
                "/proc/mounts": MOUNT + "/dev/sda1 /state ext4 rw 0 0\n",
                "/sys/fs/ext4/sda1/errors_count": "2\n",
            }
        ),
    ),
    Case(
        "disk-health",
        "warn",
        "mmcblk0",
        {},
        with_files({"/proc/mounts": MOUNT, "/sys/block/mmcblk0/device/life_time": "0x01 0x0b\n"}),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(disk.CHECKS, CASES)
