"""The wall's HTML: a Jinja template, read and compiled once, when this module is imported.

A device does not import it. Every value is escaped; a name that is missing is an error.
"""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_HERE: Final = Path(__file__).parent
_ENVIRONMENT: Final = Environment(
    # Head and window are those of a kitchen's page.
    loader=FileSystemLoader([_HERE, _HERE.parent / "page"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}

# What it includes, too: no request may wait for a file.
for _name in ("head.html", "scene.html"):
    _ENVIRONMENT.get_template(_name)

PAGE: Final[Template] = _ENVIRONMENT.get_template("wall.html")
