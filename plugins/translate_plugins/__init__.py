"""The plugins that come with translate, found and held to rules like everyone else's."""
