"""What a cluster grants to Dougong when it joins: YAML files, applied in the order of their names.

Only the administrator's own kubectl applies them (`dougong cluster join`). The fence (20) comes before the
first right is granted (30 and on): the writer is never without it.
"""
