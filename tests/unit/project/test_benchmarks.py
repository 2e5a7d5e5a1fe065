"""The benchmarks run only in the long run; here is seen that they find what they measure."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize("path", sorted(BENCH.glob("bench_*.py")), ids=lambda path: path.stem)
def test_a_benchmark_finds_all_that_it_imports(path: Path) -> None:
    # A script finds its neighbours in its own folder, and so does `-c` where it is run.
    load = f"import runpy; runpy.run_path({str(path)!r}, run_name='loaded')"
    done = subprocess.run(
        [sys.executable, "-c", load], cwd=BENCH, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
