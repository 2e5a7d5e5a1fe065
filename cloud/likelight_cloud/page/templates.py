"""The pages' HTML: Jinja templates, read and compiled once, when this module is imported.

Every value is escaped unless it is `Markup`; a name that is missing is an error.
"""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
# As UTF-8 Japanese takes half the bytes that it takes in escapes. `tojson` still escapes "<", which
# might end the script element early.
_ENVIRONMENT.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
# All of them, also those that others include: no request may wait for a file.
for _name in _ENVIRONMENT.list_templates(extensions=["html"]):
    _ENVIRONMENT.get_template(_name)

KITCHEN: Final[Template] = _ENVIRONMENT.get_template("kitchen.html")
NOT_FOUND: Final[Template] = _ENVIRONMENT.get_template("not_found.html")
PRIVACY: Final[Template] = _ENVIRONMENT.get_template("privacy.html")
