"""What users ask before and between runs; nothing here writes a step's file."""
