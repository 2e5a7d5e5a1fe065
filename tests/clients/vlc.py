"""Play `URL` with VLC's library, and write each picture to stdout as I420.

The command `vlc` refuses to run as root, and CI is root.
"""

import ctypes
import signal
import sys

ARGUMENTS = ("--no-audio", "--vout=yuv", "--yuv-file=/dev/stdout", "--yuv-chroma=I420")


def main() -> None:
    vlc = ctypes.CDLL("libvlc.so.5")
    for function in (
        vlc.libvlc_new,
        vlc.libvlc_media_new_location,
        vlc.libvlc_media_player_new_from_media,
    ):
        function.restype = ctypes.c_void_p
    words = [argument.encode() for argument in ("--quiet", *ARGUMENTS)]
    instance = ctypes.c_void_p(vlc.libvlc_new(len(words), (ctypes.c_char_p * len(words))(*words)))
    media = ctypes.c_void_p(vlc.libvlc_media_new_location(instance, sys.argv[1].encode()))
    player = ctypes.c_void_p(vlc.libvlc_media_player_new_from_media(media))
    vlc.libvlc_media_player_play(player)
    signal.pause()


main()
