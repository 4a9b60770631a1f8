"""The lungs in a chest CT: segmentation, sides, consolidation, and findings about them."""
