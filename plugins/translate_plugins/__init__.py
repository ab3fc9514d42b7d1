"""The plugins that come with translate, loaded and checked like all others."""
