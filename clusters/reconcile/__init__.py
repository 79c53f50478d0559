"""The delivery loop: what is due is claimed, applied, observed, pruned and recorded. The only writer of Work's status.

drain      picks due clusters, one lease each, drives them at once in one event loop
choose     in the database: the next Works by lane, a claim for each object before any write
deliver    on the wire: phase by phase, nothing sent where nothing changed
write      one object: the fence, the uid, the epoch
prune      what a stored change named, once the generation is Healthy
remove     a retired Work, phases backwards
outcome    values that pass between them
record     in the database: the outcome, if the lease is still ours
"""
