"""What apt says when it fails, in words that say what to do."""

import re
from typing import Final

_AGAIN: Final = "Type the same again to go on"
_MEANINGS: Final = (
    (
        r"Temporary failure resolving|Could not resolve|Could not connect|Connection (?:failed|"
        r"timed out|refused)|Unable to connect|Network is unreachable|Cannot initiate the",
        "an archive can't be reached from here. Look at this computer's network (a proxy is named "
        f"by the variables http_proxy and https_proxy). {_AGAIN}",
    ),
    (
        r"No space left on device|don't have enough free space|Disk quota exceeded",
        f"the disk is full. Make room, or name a folder on another disk. {_AGAIN}",
    ),
    (
        r"is expired|[Nn]ot valid yet|Not live until",
        "an archive's lists are not of this time. Is this computer's clock right? Else the archive "
        "is a copy that is not kept up",
    ),
    (
        r"NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|Missing key|[Ii]nvalid signature|is not signed|"
        r"isn't valid, got|has been manipulated|no longer signed|Bad signature|not verified",
        "an archive is not signed by the key that is named for it, so nothing of it is taken. A "
        "log-in page of the network, or a wrong keyring, says the same",
    ),
    (
        r"does not have a Release file|404 +Not Found",
        "an archive has no such release or file. Look at the address and at --release",
    ),
    (
        r"Hash Sum mismatch|unexpected size|Undetermined Error",
        "what came is not what the archive has signed: it was damaged on the way, or the archive "
        f"is being changed just now. {_AGAIN}",
    ),
    (
        r"Unable to locate package|no installation candidate|is not available",
        "an archive that is named here has no such package. Does --pi name Raspberry Pi's own "
        "archive? --without NAME leaves a package out",
    ),
    (
        r"Could not get lock|Unable to lock",
        "another run collects into the same folder. Wait for it",
    ),
    (
        r"unmet dependencies|Unmet dependencies|pkgProblemResolver|[Pp]ackages need to be removed",
        "the packages do not go together with those of the image. Compare: the list, --release and "
        "--arch those of the image that is on the cards",
    ),
)
_LINE: Final = re.compile(r"^[EW]: |^Err:\d+ ")


def in_words(said: str) -> str:
    """Return what apt's output means, and what of it names the cause."""
    lines = said.splitlines()
    for pattern, meaning in _MEANINGS:
        for line in lines:
            if re.search(pattern, line):
                return f"{meaning}. apt says: {_LINE.sub('', line).strip()}"
    errors = [line for line in lines if line.startswith("E: ")]
    return f"apt has failed. It says: {_LINE.sub('', errors[-1]) if errors else 'nothing'}"
