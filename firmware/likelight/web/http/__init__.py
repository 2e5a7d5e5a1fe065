"""The one shell of every HTTP server: guard, problems, bodies, same-site check, files."""
