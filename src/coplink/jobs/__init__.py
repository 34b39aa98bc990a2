"""The job engine: hints that work may be due, kept over crashes. The only package that knows dbos.

``durable`` works and enqueues, ``client`` only enqueues, ``inline`` does both in the caller, for tests.
"""
