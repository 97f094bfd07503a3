"""`tipoff run`: days played on the local cloud, with the SQL of their results."""
