"""The prediction systems, what each of them implements, and their registry."""
