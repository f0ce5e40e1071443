"""Sealed remotes: who can open them, whose keys are believed, what this clone has seen of them.  Stores are above it."""
