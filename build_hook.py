"""Writes the commit into what is built from a checkout, for `--version`."""

import importlib.util
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_TELLS = "firmware/likelight/runtime/git_commit.py"


class CommitHook(BuildHookInterface):
    """Adds `likelight/commit.txt`. An archive without git keeps the one that it has, or has none;
    an editable installation asks git each time."""

    def initialize(self, version, build_data):
        """Called by hatchling before it builds."""
        if version == "editable":
            return
        root = Path(self.root)
        # The project is not installed while it is built.
        spec = importlib.util.spec_from_file_location("git_commit", root / _TELLS)
        tells = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tells)
        commit = tells.commit_of(root)
        if commit is None:
            return
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "commit.txt"
        file.write_text(f"{commit}\n", encoding="ascii")
        into = "likelight" if self.target_name == "wheel" else "firmware/likelight"
        build_data["force_include"][str(file)] = f"{into}/commit.txt"

    def finalize(self, version, build_data, artifact_path):
        """Called once it is built."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
