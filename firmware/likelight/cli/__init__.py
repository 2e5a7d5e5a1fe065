"""The command `likelight`."""
