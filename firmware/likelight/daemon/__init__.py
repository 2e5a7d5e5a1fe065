"""One device, assembled: it only builds parts and connects them."""
