"""The catalogue document that the device shows, kept in its state directory.

It is the brand's notes as the cloud last asked for them, in place of `kitchen.catalogue`. The last
good one stays until another one is on the disk.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from likelight.assets.catalogue import CatalogueError, Notes
from likelight.assets.catalogue_document import MAX_DOCUMENT_BYTES, document_name
from likelight.contract import CatalogueName, NoteCode
from likelight.runtime.atomic_file import replace_file

log = logging.getLogger(__name__)

CATALOGUE_FILE: Final = "catalogue.json"
"""In the state directory."""
MOST_ANNOUNCED: Final = 3
"""New notes that the crew is shown; with more nobody reads on."""
_MOST_TOLD: Final = 20
_LARGEST: Final = 2 * MAX_DOCUMENT_BYTES + 16 * 1024
"""A document as a JSON string has at most two bytes for one, and the rest of the file is small."""


class _Kept(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(frozen=True)

    kitchen: str
    name: CatalogueName | None = None
    document: str | None = None
    """None: the device's own notes."""
    announced: tuple[NoteCode, ...] = Field((), max_length=MOST_ANNOUNCED)
    """New notes of which the crew has not been told yet."""
    told: tuple[CatalogueName, ...] = Field((), max_length=_MOST_TOLD)
    """The documents of whose notes it has, the last one at the end."""


class KeptCatalogue:
    """The notes of the kitchen with the id `kitchen`: those of a document, or else its `own`.

    `check` returns a document's notes in all languages, or raises `CatalogueError`; `language` is
    the crew's. Every call but the properties blocks, on the disk or on drawing each note; one at a
    time.
    """

    def __init__(
        self,
        state_dir: Path,
        kitchen: str,
        own: Notes,
        *,
        language: str,
        check: Callable[[bytes], Notes],
    ) -> None:
        self.notes = own
        """What the device shows."""
        self._file = state_dir / CATALOGUE_FILE
        self._own = own
        self._language = language
        self._check = check
        self._kept = _Kept(kitchen=kitchen)

    @property
    def name(self) -> str | None:
        """The name of the document that the device shows; None for its own notes."""
        return self._kept.name

    @property
    def announced(self) -> tuple[str, ...]:
        """The words of new notes of which the crew has not been told yet, at most three."""
        texts = self._texts(self.notes)
        return tuple(texts[code] for code in self._kept.announced if code in texts)

    def read(self) -> None:
        """Go on with what was kept; with the own notes where it is damaged, or another kitchen's.

        The cloud then sends it again.
        """
        try:
            kept = self._read()
            notes = self._own if kept.document is None else self._check(kept.document.encode())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning(
                "The notes that the cloud sent are not used until they come again: %s can't be "
                "read: %s",
                self._file,
                error if isinstance(error, CatalogueError | OSError) else "it is damaged",
            )
            return
        self._kept, self.notes = kept, notes

    def adopt(self, name: str | None, document: bytes = b"") -> None:
        """Show from now on the notes of `document`, whose name is `name`; the own ones for None.

        It is on the disk when this returns. Raises `CatalogueError` where the document can't be
        used, and `OSError` where it can't be kept: nothing has changed then.
        """
        notes = self._own if name is None else self._check(document)
        announced = () if name is None or name in self._kept.told else tuple(self._new(notes))
        self._keep(
            self._kept.model_copy(
                update={
                    "name": name,
                    "document": None if name is None else document.decode(),
                    "announced": announced,
                }
            )
        )
        self.notes = notes

    def told(self) -> None:
        """The crew has read of the new notes: never tell it again. Raises `OSError`, and yet does
        not while this process lives."""
        name = self._kept.name
        others = (each for each in self._kept.told if each != name)
        told = (*others, *([] if name is None else [name]))[-_MOST_TOLD:]
        kept = self._kept.model_copy(update={"announced": (), "told": told})
        self._kept = kept
        self._keep(kept)

    def _new(self, notes: Notes) -> Iterator[str]:
        """Yield the codes of what is new to the crew: of this document first, then what it has not
        been told of the one before."""
        before = set(self._texts(self.notes).values())
        texts = self._texts(notes)
        new = [code for code, text in texts.items() if text not in before]
        due = [code for code in self._kept.announced if code in texts]
        yield from list(dict.fromkeys([*new, *due]))[:MOST_ANNOUNCED]

    def _texts(self, notes: Notes) -> dict[str, str]:
        return {note.code: note.text for note in notes.load(self._language).notes}

    def _read(self) -> _Kept:
        with self._file.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError("it is too large")
        kept = _Kept.model_validate_json(content)
        if kept.kitchen != self._kept.kitchen:
            return self._kept
        name = None if kept.document is None else document_name(kept.document.encode())
        if name != kept.name:
            raise ValueError("its checksum is wrong")
        return kept

    def _keep(self, kept: _Kept) -> None:
        replace_file(self._file, kept.model_dump_json())
        self._kept = kept
