"""The queue and the night: holds exhibits until a worker is free, and works through them."""
