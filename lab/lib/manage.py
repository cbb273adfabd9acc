"""Runs several commands of one OpenStack *-manage tool. Loads the tool once, because loading is slow.

manage.py MODULE [OPTION...] -- COMMAND... [-- COMMAND...]
Each command runs with the same options, in a fork of the interpreter that has loaded the module.
"""
import importlib
import itertools
import os
import sys

module = importlib.import_module(sys.argv[1])
options, *commands = (
    list(group) for dashes, group in itertools.groupby(sys.argv[2:], lambda word: word == "--")
    if not dashes)
for command in commands:
    if (child := os.fork()) == 0:
        sys.argv = [sys.argv[1], *options, *command]
        sys.exit(module.main())
    if status := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(f"Error: {' '.join(command[:2])} ended with status {status}")
