"""How the control plane's processes are started on one machine: the Procfile, a supervisor, and a handle on both.

The Procfile at the root says what runs; any other tool that reads one may start it as well.
"""
