"""Column contracts: the rules in each table's contract.yaml, measured on rows and checked."""
