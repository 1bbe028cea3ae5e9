"""Tables, the one writer, and the questions we ask."""
