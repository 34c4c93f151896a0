"""The commands of ``helpdeskd.py``, a module each: its options, and what it calls.

They import what they need when they run, so that --help and inspect start quickly.
"""
