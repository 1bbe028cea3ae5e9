"""Our nouns, windows, money and errors: standard library only."""
