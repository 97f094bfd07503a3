"""The language of Workflows: source text to typed steps and expressions, and what an expression's value is."""
