"""Images made by program: digits as they are drawn elsewhere, things that are no digit, strings."""
