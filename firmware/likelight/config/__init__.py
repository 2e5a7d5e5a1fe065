"""The configuration: read, checked, explained, and salvaged when it is broken."""
