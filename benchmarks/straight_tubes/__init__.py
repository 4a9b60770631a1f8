"""Straight tubes of known area: what sizing alone makes of them."""
