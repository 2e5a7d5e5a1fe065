"""The pages' HTML: Jinja templates, read and compiled once, when this module is imported."""

import re
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape


def _with_code(text: str) -> Markup:
    """Return `text`, escaped, with what stands in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped


def environment(*folders: Path) -> Environment:
    """Return the templates of `folders`, and those of this folder, which they may include.

    Every value is escaped unless it is `Markup`; a name that is missing is an error.
    """
    made = Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["code"] = _with_code
    # As UTF-8 Japanese takes half the bytes that it takes in escapes. `tojson` still escapes "<",
    # which might end the script element early.
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    # All of them, also those that others include: no request may wait for a file.
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)
    return made


_ENVIRONMENT: Final = environment()
KITCHEN: Final[Template] = _ENVIRONMENT.get_template("kitchen.html")
OPENAPI: Final[Template] = _ENVIRONMENT.get_template("openapi.html")
REFUSED: Final[Template] = _ENVIRONMENT.get_template("refused.html")
START: Final[Template] = _ENVIRONMENT.get_template("start.html")
PRIVACY: Final[Template] = _ENVIRONMENT.get_template("privacy.html")
