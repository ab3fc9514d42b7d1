"""Translation on a Ray cluster: the command ``python -m translate.scale.ray`` and a `Datasink`."""
