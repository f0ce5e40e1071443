"""Can opening a file run code?  Looks at content, never at names alone, and runs nothing of what it looks at."""
