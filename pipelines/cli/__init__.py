"""One module a command: read the words, call, print."""
