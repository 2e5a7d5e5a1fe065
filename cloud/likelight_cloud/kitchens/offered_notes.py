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
        self._told: set[str] = set()

    async def of(self, sha256: str | None) -> Notes:
        """Return the notes of a document, or for None the cloud's own. Raises `StoreError`."""
        if sha256 is None:
            return self.own
        notes = self._read.pop(sha256, None)
        if notes is None:
            notes = await self._load(sha256)
        if notes is None:
            return BUNDLED
        self._read[sha256] = notes
        if len(self._read) > _KEPT:
            self._read.popitem(last=False)
        return notes

    async def _load(self, sha256: str) -> Notes | None:
        """Return what is offered for a document; None while it is not here."""
        body = await self._documents.body(sha256)
        if body is None:
            self._tell(sha256, "it is not published here")
            return None
        try:
            return await asyncio.to_thread(read_document, body)
        except CatalogueError as error:
            # For good: its bytes never change, and each look at them takes up to 0.1 s.
            self._tell(sha256, str(error))
            return BUNDLED

    def _tell(self, sha256: str, why: str) -> None:
        if sha256 not in self._told and len(self._told) < _KEPT:
            self._told.add(sha256)
            log.warning(
                "A device runs the catalogue %s, and its page offers likelight's notes: %s",
                sha256,
                why,
            )
