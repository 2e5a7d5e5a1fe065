"""What the simulated kitchen is painted from; every length is of a 1280 x 720 stage."""
