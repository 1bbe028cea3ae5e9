"""The whole bot in a local browser page, with a simulated Discord."""
