"""Sealed remotes: who can open them, whose keys are believed, and what this clone has seen of them."""
