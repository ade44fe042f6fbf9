"""Services above the front ends and the runs: a watch over folders that grow, and processes that a web client orders.

Both do nothing themselves but order jobs (:mod:`stamps.frontends.jobs`): those of the front ends for stacks, and those of
:mod:`stamps.service.psi` for time series. What stands where: docs/method/service.md.
"""
