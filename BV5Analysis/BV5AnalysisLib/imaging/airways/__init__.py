"""The airway tree, and bronchi, whose walls look like vessels."""
