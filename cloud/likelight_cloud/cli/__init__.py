"""The command `likelight-cloud`, one module per subject."""
