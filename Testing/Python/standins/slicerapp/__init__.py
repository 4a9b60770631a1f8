"""The running application: scene, logics, layout, modules, messages."""
