"""Picture makers behind one Protocol."""
