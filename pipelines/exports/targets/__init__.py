"""One file a trainer, each with its `TARGET`; the files are found, not listed."""
