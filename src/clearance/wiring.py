"""The composition root: the only file that chooses real things and reads the clock."""
