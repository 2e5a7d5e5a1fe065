"""The wall's HTML: a Jinja template, compiled once, when this module is imported. A device does not
import it."""

from pathlib import Path
from typing import Final

from jinja2 import Template

from likelight_cloud.page.templates import environment

_ENVIRONMENT: Final = environment(Path(__file__).parent)

PAGE: Final[Template] = _ENVIRONMENT.get_template("wall.html")
