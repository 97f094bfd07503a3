"""A strict local Cloud Workflows: language, engine, journal and the two services (Workflows, Executions).

It follows the public documentation at cloud.google.com/workflows/docs. A feature that is not supported is refused at
deployment, or answered with UNIMPLEMENTED / 501.
"""
