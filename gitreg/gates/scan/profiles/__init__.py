"""What the pickles of a framework may name: exact names, never patterns.  What is not listed is not allowed."""
