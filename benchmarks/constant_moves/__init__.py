"""What the method's constants move, each changed by a fifth."""
