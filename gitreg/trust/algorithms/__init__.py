"""One module for each family of keys, imported when such a key is met: cryptography's parts are slow to import."""
