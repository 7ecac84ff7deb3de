"""Speaks to people by pages in a browser; what is done is done in other rooms."""
