"""The page that viewers open."""
