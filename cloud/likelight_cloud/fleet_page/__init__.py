"""The pages of the fleet: templates and their words. English, as the commands are."""
