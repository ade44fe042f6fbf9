"""How a run goes: its steps and patches, the processes that do them, how far it has come."""
