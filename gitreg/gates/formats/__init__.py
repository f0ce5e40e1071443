"""Parsers that ask one file whether it is what it claims to be, reading little and running nothing of it."""
