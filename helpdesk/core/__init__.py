"""Pure decisions: no I/O, no clock, no randomness, no database; dataclasses in, dataclasses out."""
