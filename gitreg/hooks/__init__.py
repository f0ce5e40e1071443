"""What git runs on a server: one module for each hook, past the command line, because every push waits for it."""

import gc

# Before anything else is imported: imports make many objects and no garbage, and every push waits for them.
gc.set_threshold(100_000, 20, 20)
