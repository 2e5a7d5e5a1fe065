"""Who may use the database at once: the advisory lock of clouds and commands."""

SERVING = 0x6C6C_0002
"""Every cloud shares it, and a command that must be alone has it for itself."""
