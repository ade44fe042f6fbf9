"""Jobs of the front ends: what is to be done, how it stands, and who does it.

``model``   jobs, steps, tasks, outputs, states: what the others speak of

Source: docs/method/jobs.md.
"""
