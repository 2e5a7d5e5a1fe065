"""The picamera2 driver for real, in a Debian trixie chroot, on Python 3.13."""

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.timeout(1000)


def test_our_camera_child_on_the_real_picamera2(run_tests_inside: Callable[[str], None]) -> None:
    run_tests_inside("/src/tests/realcam/inside.py")
