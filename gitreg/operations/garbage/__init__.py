"""Removing what nothing needs: what is needed, and what may go."""
