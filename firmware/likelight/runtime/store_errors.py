"""The failures of a store on the disk, of a device or a cloud."""


class StoreError(OSError):
    """The store can't be read or written; the message says what is wrong and what to do."""


class StoreUnwritable(StoreError):
    """The file or its directory can't be opened or written."""


class StoreReadOnly(StoreUnwritable):
    """The disk can only be read: most cards that wear out end so."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreCorrupt(StoreError):
    """The file is damaged."""


class StoreIncompatible(StoreError):
    """The file is whole, but this version of the program can't read it."""


class StoreForeign(StoreIncompatible):
    """The file is another program's, or so damaged that it looks like one."""
