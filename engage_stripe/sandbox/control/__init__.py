"""The pages that people see: the control page and Connect's consent page."""
