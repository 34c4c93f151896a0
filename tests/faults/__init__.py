"""Faults made on purpose, and a checker that counts afterwards: mails, fates, tickets, letters.

Each fault is a module ``fNN_what.py`` with a list ``FAULTS``; ``make faults`` runs them all and prints a table.
The short versions in ``test_*.py`` run with the other tests.
"""
