"""The operator's commands on an environment: its state, its repair and its models, with the SQL that they run."""
