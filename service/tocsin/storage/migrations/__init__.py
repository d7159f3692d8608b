"""The schema's history, run by `tocsin.storage.migrate`."""
