"""What the device serves on its own network. Read-only, except the bench of the demo."""
