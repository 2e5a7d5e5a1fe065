"""The fleet's HTML: Jinja templates, read and compiled once, when this module is imported.

A device does not import it. Every value is escaped; a name that is missing is an error.
"""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_HERE: Final = Path(__file__).parent
_ENVIRONMENT: Final = Environment(
    # Of the viewers' pages the head is the same.
    loader=FileSystemLoader([_HERE, _HERE.parent / "page"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)

# All of them, also those that others extend or include: no request may wait for a file.
for _name in ("head.html", *(path.name for path in _HERE.glob("*.html"))):
    _ENVIRONMENT.get_template(_name)

CHANGE: Final[Template] = _ENVIRONMENT.get_template("change.html")
FLEET: Final[Template] = _ENVIRONMENT.get_template("fleet.html")
NOTES: Final[Template] = _ENVIRONMENT.get_template("notes.html")
NOTES_PREVIEW: Final[Template] = _ENVIRONMENT.get_template("notes_preview.html")
LOGIN: Final[Template] = _ENVIRONMENT.get_template("login.html")
REFUSED: Final[Template] = _ENVIRONMENT.get_template("fleet_refused.html")
REPORT: Final[Template] = _ENVIRONMENT.get_template("report.html")
