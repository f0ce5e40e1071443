"""`gitreg demo`: the main job on real data, as a story of commands that are really run."""
