"""All SQL of the use cases, a subject a file. Each list has an index for its order and for each filter."""
