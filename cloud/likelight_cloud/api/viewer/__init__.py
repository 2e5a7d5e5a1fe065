"""The addresses that a viewer's page uses."""
