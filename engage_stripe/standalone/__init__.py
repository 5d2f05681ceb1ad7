"""A small stand-in for the Engage console, so that the connector runs and can be seen without it."""
