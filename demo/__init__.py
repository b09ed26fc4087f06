"""The demo: a wedding to look at, made anew by `manage.py seed_demo`."""
