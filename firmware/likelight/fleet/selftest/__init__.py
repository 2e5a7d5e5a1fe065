"""`likelight selftest`: a person and the device check the hardware together."""
