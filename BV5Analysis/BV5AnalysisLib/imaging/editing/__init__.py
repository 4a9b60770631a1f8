"""Numbers computed anew after a user's edits of vessels or lungs."""
