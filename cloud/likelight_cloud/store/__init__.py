"""Where kitchens, likes and notes are kept."""
