"""Between a frame of light and the lamps: gamma, groups, the flash governor."""
