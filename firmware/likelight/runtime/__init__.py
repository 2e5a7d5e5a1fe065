"""What every part stands on and what knows no kitchen: time, logs, signals, storage, restarts."""
