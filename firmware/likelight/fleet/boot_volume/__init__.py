"""On the device: what lies on the boot volume is taken over."""
