"""Running a program that nobody vouches for.  Knows no gate, no registry and no artifact."""
