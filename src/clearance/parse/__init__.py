"""Text to nouns and back, with positions."""
