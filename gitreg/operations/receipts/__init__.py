"""The log of receipts: written by whoever is trusted with it, brought in, and checked."""
