"""The unit tests on Debian trixie's Python. `.ci/run --long` runs it: it takes five minutes."""

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.timeout(1000)


def test_the_unit_tests_hold_on_python_3_13(run_tests_inside: Callable[[str], None]) -> None:
    run_tests_inside("/src/tests/unit")
