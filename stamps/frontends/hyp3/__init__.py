"""Products of ASF's HyP3 made into a merged project of small baselines.

``names``      names of products: type, dates, track and frame
``metadata``   the text file of a product
``products``   a folder of products: which belong together
``lattice``    the grid that all have in common
``pixels``     pixels that are valid in all of them
``baselines``  baselines of the pairs and of the images
``writing``    the files of the project
``prepare``    the conversion

Source: docs/method/hyp3.md.
"""
