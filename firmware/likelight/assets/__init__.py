"""Files that travel with the firmware: the catalogue of notes, fonts, placeholders."""
