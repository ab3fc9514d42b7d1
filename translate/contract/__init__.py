"""The contract of plugins, a function for each rule; `translate.testing` is its interface."""
