"""The nouns: frozen values, no behaviour beyond reading themselves."""
