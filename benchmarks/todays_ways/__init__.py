"""The ways people size lung vessels today."""
