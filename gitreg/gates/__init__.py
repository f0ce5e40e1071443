"""Automatic checks that a version must pass to enter a stage.  Knows nothing of Git, stores, signatures or policies."""
