"""`tipoff explain`: why a date, a game or a player is as it is, and the command that repairs it."""
