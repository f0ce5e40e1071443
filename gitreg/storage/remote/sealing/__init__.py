"""Stores whose objects are encrypted before they leave: their owner sees neither bytes nor names (docs/adr/0021)."""
