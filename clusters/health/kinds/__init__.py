"""One kind a file, named like the kind in lower case: `KIND = (group, kind)` and `assess(body) -> Verdict`.

What holds for any kind (deletion, a generation nobody has seen) is settled before `assess` is called.
"""
