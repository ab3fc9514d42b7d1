"""The rules that a plugin keeps, one function each; `translate.testing` is their door."""
