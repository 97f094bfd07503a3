"""Pages for people that are generated from the declarations."""
