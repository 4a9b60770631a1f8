"""Chest phantoms of known vessels against what is found in them."""
