"""axe-core finds what keeps people with disabilities out of a page; from npm, by its hash."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page

AXE: Final = "axe-core@4.14.1"
_SHA512: Final = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
_FILE: Final = "package/axe.min.js"

needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None, reason="no npm here: axe-core checks no page (apt install npm)"
)


def axe_core(folder: Path) -> str:
    """Return axe-core's script as its makers publish it, fetched into `folder`; it blocks."""
    subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, check=True, timeout=150)
    (packed,) = folder.glob("*.tgz")
    assert base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() == _SHA512
    with tarfile.open(packed) as archive:
        archive.extract(_FILE, folder, filter="data")
    return Path(folder, _FILE).read_text("utf-8")


async def findings(page: Page) -> list[str]:
    """Return what axe-core, which `page` has loaded, finds there: each rule and its elements."""
    found: list[str] = await page.evaluate("""async () => {
      const {violations} = await axe.run(document, {resultTypes: ["violations"]});
      return violations.map(({id, nodes}) => `${id}: ${nodes.map((n) => n.html).join(" ")}`);
    }""")
    return found
