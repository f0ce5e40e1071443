"""One verb per file: its words, one call, its rendering."""
