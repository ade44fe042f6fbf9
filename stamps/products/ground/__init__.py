"""Motion of the ground: east and up from several lines of sight, pixels against stations of GNSS.

``looks`` opens projects through the table of exports; ``decompose`` joins them, with ``joined`` (cells), ``common_time`` (series)
and its writers ``motion_sheet``, ``motion_netcdf``, ``egms_pair``, ``motion_picture``; ``gnss`` compares and calibrates, with
``stations``, ``calibrated``, ``gnss_picture``; ``together`` puts files in place.
"""
