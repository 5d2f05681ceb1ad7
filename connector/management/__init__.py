"""Management commands of the connector."""
