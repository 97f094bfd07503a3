# The state is in a versioned bucket, which docs/bootstrap.md creates first.
terraform {
  backend "gcs" {
    bucket = "tipoff-prod-tfstate"
    prefix = "mesh"
  }
}
