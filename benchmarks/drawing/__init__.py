"""Pictures to judge by eye."""
