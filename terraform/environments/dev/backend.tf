# The state lives in a versioned bucket that docs/bootstrap.md creates first.
terraform {
  backend "gcs" {
    bucket = "tipoff-dev-tfstate"
    prefix = "mesh"
  }
}
