"""The policy: read along the protected branch, explained, changed and signed; and the keys it trusts."""
