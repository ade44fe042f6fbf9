"""What every step shares: arrays in, arrays out. No files, no parameters, no log."""
