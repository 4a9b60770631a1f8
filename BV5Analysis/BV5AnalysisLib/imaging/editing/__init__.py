"""Numbers recomputed after a user's edits of vessels or lungs."""
