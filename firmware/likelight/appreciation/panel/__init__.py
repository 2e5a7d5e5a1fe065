"""The panel: which screen it shows when."""
