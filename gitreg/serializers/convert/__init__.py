"""Model files that can run code, or that few can read, to files of plain data.  Knows no registry and no command."""
