"""How results, panels and refusals look."""
