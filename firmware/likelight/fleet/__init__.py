"""What installers of kitchens need: a self-test of the hardware, the doctor, and the list of stores."""
