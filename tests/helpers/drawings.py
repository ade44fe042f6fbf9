"""GeoJSON for tests: what can be drawn, and what is broken."""

SQUARE = [[14.0, 40.0], [14.1, 40.0], [14.1, 40.1], [14.0, 40.0]]


def feature(geometry, properties=None):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features, **more):
    return {"type": "FeatureCollection", "features": list(features), **more}


POINT = {"type": "Point", "coordinates": [14.0, 40.0, 300.0]}

#: Documents (values, or texts) and what must be said of them.
BROKEN = [
    ("{", "is no JSON"),
    ("[" * 100_000, "nested too deeply|is no JSON"),
    ('{"type": "Point", "coordinates": [NaN, 1]}', "NaN is no number"),
    ("[]", "outermost value is no object"),
    ({}, "has no type"),
    ({"type": "Topology"}, "its type is 'Topology'"),
    ({"type": ["Point"]}, "is no GeoJSON"),
    ({"type": "FeatureCollection"}, "without a list of features"),
    (collection(POINT), "Feature 1 of .* is no feature"),
    (collection(feature(POINT), 3), "Feature 2 of .* is no feature"),
    (collection(feature(POINT, [1])), "properties are no object"),
    (collection(feature({"type": "Circle", "coordinates": [1, 2]})), "has no geometry of GeoJSON"),
    (collection(feature("Point")), "has no geometry of GeoJSON"),
    (collection(feature({"type": "Point", "coordinates": [14]})), "is no place"),
    (collection(feature({"type": "Point", "coordinates": ["14", "40"]})), "is no place"),
    (collection(feature({"type": "Point", "coordinates": [True, 40]})), "is no place"),
    (collection(feature({"type": "Point", "coordinates": {"x": 1}})), "is no place"),
    (collection(feature({"type": "Point"})), "is no place"),
    (collection(feature({"type": "LineString", "coordinates": [[14, 40]]})), "at least 2 places"),
    (collection(feature({"type": "LineString", "coordinates": [14, 40]})), "is no place"),
    (collection(feature({"type": "Polygon", "coordinates": [SQUARE[:3]]})), "at least 4 places"),
    (collection(feature({"type": "Polygon", "coordinates": [[*SQUARE[:3], [14.2, 40]]]})), "does not end where"),
    (collection(feature({"type": "MultiPolygon", "coordinates": [SQUARE]})), "nested as they should|is no place"),
    (collection(feature({"type": "Point", "coordinates": [500_000.0, 4_400_000.0]})), "convert the file to WGS 84"),
    (collection(feature({"type": "Point", "coordinates": [10**400, 1]})), "convert the file to WGS 84"),
    ('{"type": "Point", "coordinates": [1e999, 1]}', "convert the file to WGS 84"),
    (collection(feature({"type": "GeometryCollection"})), "no list of geometries"),
    (collection(feature(POINT), crs={"type": "name", "properties": {"name": "EPSG:32633"}}), "crs: EPSG:32633"),
    (collection(feature(POINT), crs={"type": "link", "properties": {"href": "x"}}), "in other coordinates"),
    (collection(feature(POINT), crs="EPSG:3857"), "in other coordinates"),
    (collection(), "holds no place"),
    (collection(feature(None)), "holds no place"),
]
