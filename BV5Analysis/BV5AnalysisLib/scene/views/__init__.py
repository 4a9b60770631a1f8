"""How nodes are shown: layouts, cameras, colors, selection, pictures."""
