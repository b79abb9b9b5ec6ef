"""Use cases, in the caller's transaction: following the assignments, and answering questions."""
