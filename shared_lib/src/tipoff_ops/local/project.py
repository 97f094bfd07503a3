"""The Google Cloud project and the operator that a local cloud stands for, and the folder of its warehouse."""

PROJECT_ID = "tipoff-local"
PROJECT_NUMBER = "123456789012"
REGION = "us-west2"
ENVIRONMENT = "local"
OPERATOR = "operator@tipoff.example"
WAREHOUSE = "bigquery"  # every local cloud's data have this folder
