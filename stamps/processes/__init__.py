"""Programs and processes that end with their command, and what signals do."""
