"""I/O: keeps estates."""

from typing import Final

__all__ = ["DATABASE_FILE"]

# What makes a folder the data folder of an endpoint; here, so that asking costs no import.
DATABASE_FILE: Final = "journal.db"
