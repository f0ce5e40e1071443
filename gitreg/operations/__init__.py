"""One use case per file: values in, a result value out; nothing is printed here."""
