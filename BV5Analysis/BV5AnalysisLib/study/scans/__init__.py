"""What there is to measure: manifests, and trees of anything."""
