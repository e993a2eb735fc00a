"""The cloud apart: each service a process of its own, on RabbitMQ and on a database server.

Nothing here is loaded by a cloud that is one process.
"""
