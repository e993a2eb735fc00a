"""Keystone: who somebody is, in which project, with which roles, and where each API answers."""
