"""Bytes in, bytes out: the only room that opens pictures."""
