"""One module a door of the pages: whose it is, and its routes."""
