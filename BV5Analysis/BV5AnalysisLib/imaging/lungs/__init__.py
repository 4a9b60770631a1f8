"""The lungs in a chest CT, their sides, and what their look tells."""
