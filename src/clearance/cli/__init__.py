"""One file per command; the exit code is the answer."""
