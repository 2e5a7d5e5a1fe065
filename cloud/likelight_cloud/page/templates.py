"""The pages' HTML: Jinja templates, read and compiled once, when this module is imported.

Every value is escaped unless it is `Markup`; a name that is missing is an error.
"""

import re
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape


def _with_code(text: str) -> Markup:
    """Return `text`, escaped, with what stands in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters["code"] = _with_code
# As UTF-8 Japanese takes half the bytes that it takes in escapes. `tojson` still escapes "<", which
# might end the script element early.
_ENVIRONMENT.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
# All of them, also those that others include: no request may wait for a file.
for _name in _ENVIRONMENT.list_templates(extensions=["html"]):
    _ENVIRONMENT.get_template(_name)

KITCHEN: Final[Template] = _ENVIRONMENT.get_template("kitchen.html")
OPENAPI: Final[Template] = _ENVIRONMENT.get_template("openapi.html")
REFUSED: Final[Template] = _ENVIRONMENT.get_template("refused.html")
START: Final[Template] = _ENVIRONMENT.get_template("start.html")
PRIVACY: Final[Template] = _ENVIRONMENT.get_template("privacy.html")
