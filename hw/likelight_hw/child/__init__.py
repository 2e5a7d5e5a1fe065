"""A child process of the daemon that may hang: spawned, spoken to, ended."""
