"""What installers of kitchens need: the doctor, the self-test, lists of stores and their seeds."""
