"""Formats that are known: which of them are data, and where those that are not hide their code."""
