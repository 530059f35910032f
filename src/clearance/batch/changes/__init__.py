"""What CloudTrail tells of changes to access: who, when, from where, and what came of it.

``events`` finds the calls that change access, ``fold`` makes them on an estate, ``suspect`` marks
what deserves a look, ``history`` puts it together, oldest first.
"""
