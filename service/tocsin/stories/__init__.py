"""Stories: which entries are known already, and which articles are one report. Pure."""
