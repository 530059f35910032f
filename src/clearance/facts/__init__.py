"""I/O: AWS facts from packages on disk."""
