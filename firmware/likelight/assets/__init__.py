"""Files that travel with the firmware: the catalogue of notes, fonts, placeholders."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
