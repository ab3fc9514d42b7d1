"""The run folder: its log, previews, problems, ``run.json`` and trackers."""
