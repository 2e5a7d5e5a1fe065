"""The failures of a store on the disk, of a device or a cloud."""


class StoreError(OSError):
    """The store can't be read or written; the message says what is wrong and what to do."""


class StoreUnwritable(StoreError):
    """The file or its directory can't be opened or written."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreCorrupt(StoreError):
    """The file is damaged."""


class StoreIncompatible(StoreError):
    """The file is whole, but this version of the program can't read it."""
