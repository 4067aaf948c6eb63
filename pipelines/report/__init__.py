"""What a person looks at: the report of a prepared folder, and the story of one of its rows.

Made from a finished folder, whoever made it, and outside the digests of its manifest.
"""
