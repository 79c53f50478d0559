"""Terminals in containers: between a person's web socket and the container's.

services.terminals   who may, which pod; opens a row and hands out a ticket            (the API's and console's POST)
socket               takes the ticket over a web socket of ours, and says how it ended (ASGI)
session              carries bytes both ways until a limit, a revocation or either end (asyncio)
recording            what was shown, as an asciicast                                   (pure)
store                where recordings lie: PostgreSQL or a folder
"""
