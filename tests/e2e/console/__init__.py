"""The console in a real browser; the browser is closed when the last of these tests is done."""
