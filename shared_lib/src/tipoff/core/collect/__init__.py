"""What to ask of the outside sources, when, and what their answers are. Pure: the asking is a step's."""
