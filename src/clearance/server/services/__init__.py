"""The services that are not our own: moto behind the gate, its resources mirrored in the estate.

Start reading at `answer`.
"""
