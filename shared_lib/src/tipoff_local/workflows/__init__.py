"""A strict local Cloud Workflows: language, engine, journal and the two services (Workflows, Executions).

Facts come from the public documentation at cloud.google.com/workflows/docs. What is not supported is refused at
deployment or answered UNIMPLEMENTED / 501, never half done.
"""
