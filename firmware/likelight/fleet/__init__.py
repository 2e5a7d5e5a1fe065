"""What installers of kitchens need: a self-test of the hardware, and the doctor."""
