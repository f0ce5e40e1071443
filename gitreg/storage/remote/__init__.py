"""Stores behind a network: below, what a service can do with keys and bytes; above, the set of objects made of it."""
