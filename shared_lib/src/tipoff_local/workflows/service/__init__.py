"""The services Workflows and Executions over gRPC and REST."""
