"""One file for each way of telling what a file system holds; reached through ``unallocated``."""
