"""The panel: one class a section, talking to the logic by what `protocols` names."""
