"""Topics and connectors: makes them what the repository says, and explains what is wrong with them."""
