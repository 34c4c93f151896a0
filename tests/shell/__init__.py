"""Tests of the admins' shell."""
