"""What users look at: velocities and pictures; reads a workspace and never writes its science files."""
