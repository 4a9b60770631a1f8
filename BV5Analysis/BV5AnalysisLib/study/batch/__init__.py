"""Many cases, carried out by workers."""
