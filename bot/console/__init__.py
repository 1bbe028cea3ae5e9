"""What an operator types and sees: the commands that need more than a few lines."""
