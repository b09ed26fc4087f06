"""The project: settings, addresses and the two lowest layers, `lib` and `accounts`."""
