"""What a command takes, step by step, and what else could do its steps."""
