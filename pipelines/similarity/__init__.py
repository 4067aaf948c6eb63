"""When two questions are the same: keys, exact near-duplicates, n-grams, clusters, the audit."""
