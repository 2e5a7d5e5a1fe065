"""Which notes a kitchen's page offers: those of the document that its device says it runs."""

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from likelight.assets.catalogue import BUNDLED, CatalogueError, Notes
from likelight.assets.catalogue_document import read_document
from likelight_cloud.store.catalogues import CatalogueStore

log = logging.getLogger(__name__)

_KEPT: Final = 32
"""Documents that are kept as they were read, some 200 kB each: a fleet has a few."""


class OfferedNotes:
    """The notes of each document; `own` are the cloud's, for kitchens that show no document.

    Of a document that is not here, or that this version can't read, likelight's own notes are
    offered: those each catalogue has.
    """

    def __init__(self, own: Notes, documents: CatalogueStore) -> None:
        self.own = own
        self._documents = documents
        self._read: OrderedDict[str, Notes] = OrderedDict()
        self._reading = asyncio.Lock()
        self._told: set[str] = set()

    async def of(self, sha256: str | None) -> Notes:
        """Return the notes of a document, or for None the cloud's own. Raises `StoreError`."""
        if sha256 is None:
            return self.own
        if sha256 not in self._read:
            body = await self._documents.body(sha256)
            if body is None:
                self._tell(sha256, "it is not published here")
                return BUNDLED
            await self._keep(sha256, body)
        self._read.move_to_end(sha256)
        return self._read[sha256]

    async def _keep(self, sha256: str, body: bytes) -> None:
        """Read a document, unless that is done already."""
        # All pages of a kitchen ask at the moment at which it shows new notes, and one look takes
        # up to 0.1 s of a processor.
        async with self._reading:
            if sha256 in self._read:
                return
            try:
                notes = await asyncio.to_thread(read_document, body)
            except CatalogueError as error:
                self._tell(sha256, str(error))
                notes = BUNDLED
            self._read[sha256] = notes
            if len(self._read) > _KEPT:
                self._read.popitem(last=False)

    def _tell(self, sha256: str, why: str) -> None:
        if sha256 not in self._told and len(self._told) < _KEPT:
            self._told.add(sha256)
            log.warning(
                "A device runs the catalogue %s, and its page offers likelight's notes: %s",
                sha256,
                why,
            )
