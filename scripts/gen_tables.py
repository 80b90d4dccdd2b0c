#!/usr/bin/env python3
"""Turn the text tables of data/ into C: gen_tables.py --data DIR --out DIR [--embed FILE...]

Reads data/*.tbl (each file's header says its columns), checks every row, and writes
  tables_gen.c    the arrays that src/platform/tables.h and tables_data.h declare
  tables_check.c  _Static_asserts of the same facts against the installed headers
  compiled_gen.c  the conditions of pins.tbl and grants.cordon as the resolver makes them: src/policy/compiled.h
A row that is wrong ends the run with "FILE:LINE: what is wrong", and nothing is written: a system call without a class
or without types is a build failure. The same input gives the same output, byte for byte.
Without --embed every *.cordon below DIR is embedded.

tables_read.py reads and checks, tables_cond.py compiles conditions, tables_emit.py writes."""
import argparse
import os
import sys

sys.dont_write_bytecode = True
import tables_cond  # noqa: E402
import tables_emit  # noqa: E402
import tables_read  # noqa: E402


def write_if_changed(path, text):
    """An unchanged file keeps its time, so that nothing is compiled again."""
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except OSError:
        pass
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description="Turn the text tables of data/ into C.")
    parser.add_argument("--data", required=True, help="folder of the tables")
    parser.add_argument("--out", required=True, help="folder to write to")
    parser.add_argument("--embed", nargs="*", help="policy texts (default: every *.cordon below the data folder)")
    options = parser.parse_args()
    try:
        tables = tables_read.read_all(options.data, options.embed)
        pins, grants = tables_cond.pins(tables), tables_cond.grants(tables)
    except tables_read.TableError as error:
        sys.exit(str(error))
    write_if_changed(os.path.join(options.out, "tables_gen.c"), tables_emit.data(tables))
    write_if_changed(os.path.join(options.out, "tables_check.c"), tables_emit.check(tables))
    write_if_changed(os.path.join(options.out, "compiled_gen.c"), tables_emit.compiled(tables, pins, grants))


main()
