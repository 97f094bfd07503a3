"""How a step rebuilds derived tables: which dates, which inputs, one transaction, checks."""
