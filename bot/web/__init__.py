"""Health pages for operators."""
