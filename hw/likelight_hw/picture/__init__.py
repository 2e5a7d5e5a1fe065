"""Pictures as planes of luma and chroma, and what is drawn into them before any encoder."""
