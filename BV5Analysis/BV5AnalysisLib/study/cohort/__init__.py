"""From two tables to the numbers of a paper; loads nothing, for the command line's sake."""
