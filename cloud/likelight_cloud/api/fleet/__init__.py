"""What operators see and ask for: pages that need no JavaScript, and the same for programs."""
