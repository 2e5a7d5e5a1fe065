"""The fleet's HTML: Jinja templates, compiled once, when this module is imported. A device does not
import it."""

from pathlib import Path
from typing import Final

from jinja2 import Template

from likelight_cloud.page.templates import environment

_ENVIRONMENT: Final = environment(Path(__file__).parent)

CHANGE: Final[Template] = _ENVIRONMENT.get_template("change.html")
FLEET: Final[Template] = _ENVIRONMENT.get_template("fleet.html")
NOTES: Final[Template] = _ENVIRONMENT.get_template("notes.html")
NOTES_PREVIEW: Final[Template] = _ENVIRONMENT.get_template("notes_preview.html")
LOGIN: Final[Template] = _ENVIRONMENT.get_template("login.html")
REFUSED: Final[Template] = _ENVIRONMENT.get_template("fleet_refused.html")
REPORT: Final[Template] = _ENVIRONMENT.get_template("report.html")
