"""Slash commands, one module a family."""
