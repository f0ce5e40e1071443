"""Archives and compressed streams: what they hold is looked at in turn, and what readers see differently is said."""
