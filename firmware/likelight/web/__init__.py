"""What the device serves on its own network. Read-only, but for the bench of the demo."""
