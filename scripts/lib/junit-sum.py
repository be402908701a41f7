#!/usr/bin/env python3
"""junit-sum.py REPORT: the counts of a JUnit report in one line. A report that
is not there is one failure."""

import sys
import xml.etree.ElementTree


def main():
    try:
        root = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        print("0 passed, 1 failed, 0 skipped")
        return
    count = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in root.iter("testsuite"):
        for name in count:
            count[name] += int(suite.get(name, 0))
    failed = count["failures"] + count["errors"]
    passed = count["tests"] - failed - count["skipped"]
    print(f"{passed} passed, {failed} failed, {count['skipped']} skipped")


if __name__ == "__main__":
    main()
