"""Sealed remotes: who can open them, whose keys are believed, what this clone saw of them.  Stores are above it."""
