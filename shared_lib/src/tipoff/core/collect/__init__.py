"""Which requests to send to the sources, when, and how to judge the answers. No I/O: a step sends them."""
