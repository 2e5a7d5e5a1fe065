"""The figures of the contract: sizes, times and how long things live."""

from datetime import UTC, datetime

MAX_BODY = 16 * 1024
MAX_REPLY = 64 * 1024
MAX_CURSOR = 128
MAX_WAIT_S = 30
MAX_LIST = 100
"""Notes in one reply, and receipts in one status."""
MAX_FINDINGS = 40
"""Of a device's health, in one status."""
MAX_COUNT = 2**53 - 1
"""The last whole number that JSON and browsers hold exactly."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
OFFLINE_AFTER_S = 90.0
WATCHING_TTL_S = 40.0
NOTE_TTL_S = 12 * 3600.0
NOTE_TTL_OPEN_S = 4 * 3600.0
"""How long a note lives after the opening that it waits for."""
NOTE_TTL_MOST_S = 7 * 24 * 3600.0
BOARDS = ("pi-3b-plus", "pi-4", "pi-5", "zero-2w")
KITS = ("cheap", "reference")
"""The names of boards and kits, for programs without the hardware packages; `likelight_hw/boards`
has what they are."""
KITCHEN_ID = "[a-z0-9][a-z0-9-]{0,39}"
"""The pattern of a kitchen's id, in addresses too."""
