"""What the bot does, in plain Python."""
