"""gitreg: a Git-native model registry.  The names here load on first use, so that importing gitreg costs nothing."""

__version__ = "0.1.0"
