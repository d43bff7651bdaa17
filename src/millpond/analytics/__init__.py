"""Analytics: SQL over the history and the rows not yet loaded, as of any moment."""
