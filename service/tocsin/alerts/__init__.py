"""Alerts: what rings, where it goes, what it says and when it is tried again. Pure."""
