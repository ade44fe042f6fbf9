"""What is done with the displacements of a finished project: models of series, their classes. Arrays in, arrays out."""
