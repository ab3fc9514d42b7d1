"""Building blocks of networks and losses that several recipes share."""
