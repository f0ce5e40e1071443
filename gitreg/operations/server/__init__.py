"""What a receiving repository decides about a push, and notes after it."""
