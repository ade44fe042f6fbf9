"""Orders to HyP3, the service of the Alaska Satellite Facility that makes interferograms: pairs, credits, states, downloads.

Source: docs/method/jobs.md, section 7.
"""
