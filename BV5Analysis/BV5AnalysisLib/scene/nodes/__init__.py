"""Single MRML nodes, made from results and read back."""
