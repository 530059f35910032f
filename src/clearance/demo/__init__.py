"""The story of DESIGN: six denials, played against a real endpoint."""
