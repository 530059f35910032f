"""Bytes to values and back: signatures, protocols, faults. No sockets."""
