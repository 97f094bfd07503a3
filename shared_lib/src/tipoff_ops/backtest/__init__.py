"""`tipoff backtest`: past seasons predicted week by week, and scored."""
