"""Several kitchens on one screen, in a lobby or on a brand's site: in a cloud of its own only."""
