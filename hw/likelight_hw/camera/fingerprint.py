"""What can be seen of a camera's source without opening it."""

from pathlib import Path

from likelight_hw.camera.config import CameraConfig


def source_fingerprint(config: CameraConfig) -> frozenset[object]:
    """Return what the system shows of the source. A new item in it is worth a new try. May block.

    With a `path`, that is the file's or device's inode, time and size; without one, the names of
    all video devices.
    """
    if config.path is None:
        return frozenset(
            node.name for kind in ("video*", "media*") for node in Path("/dev").glob(kind)
        )
    try:
        found = config.path.stat()
    except OSError:
        return frozenset()
    return frozenset({(found.st_ino, found.st_mtime_ns, found.st_size)})
