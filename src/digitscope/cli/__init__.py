"""The command line: one file a verb. No logic lives here, and nothing imports it."""
