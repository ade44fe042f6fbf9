"""The science of steps 2 to 8 as pure functions of arrays."""
