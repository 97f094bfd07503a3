"""Documents on their way in: sent, collected, and what ingest refused, with the SQL of their receipts."""
