"""`likelight doctor`: looks for every known problem of a device."""
