"""I/O: keeps estates."""
