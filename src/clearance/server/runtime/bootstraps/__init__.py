"""Programs that run in the child process, not in the server."""
