"""Pure values and formats.  Knows no disk, network, git, clock or environment."""
