"""Easel, an image studio for Discord servers."""
