"""What all packages use, and nothing about kitchens: time, logs, signals, storage, restarts."""
