"""What training shows: the log, previews, signs of failures, and progress on the screen."""
