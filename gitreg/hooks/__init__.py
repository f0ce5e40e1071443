"""What git runs on a server: one module for each hook, past the command line, because every push waits for it."""
