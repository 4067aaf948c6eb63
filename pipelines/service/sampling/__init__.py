"""What a model answers to the items of a prepared folder: asked for, kept, compared."""
