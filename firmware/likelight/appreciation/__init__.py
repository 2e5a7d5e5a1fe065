"""The window in: from the cloud's likes and notes to the lamp and the screen, and back."""
