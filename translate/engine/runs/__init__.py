"""The run folder except its checkpoints: log, previews, problems, ``run.json``; and trackers."""
