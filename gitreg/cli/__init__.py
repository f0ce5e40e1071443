"""The command line: parses words, calls the API, renders what comes back.  Decides nothing itself."""
