"""Private servers on loopback, for the tests and the benchmark.

Each is a context manager with a folder of its own that is gone afterwards, on ports of its own. As root they run
as an unprivileged user. ``kill()`` is a crash (SIGKILL), ``start()`` brings the same data back on the same ports.
"""
