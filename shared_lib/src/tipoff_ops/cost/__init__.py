"""`tipoff cost`: what a day of an environment cost, by component and by cause."""
