"""Runners: what makes the steps happen when they are due."""
