"""What people run: each is a program, ``python tests/tools/NAME.py --help``; tests import some of them.

They print sheets (``rooms``: what imports what; ``annotations``: what is typed), write files of the tests
(``list_slow_tests``, ``make_matlab_fixtures``), and try for a long time (``run_mutants``, ``kill_chain``).
"""
