# The values of your project; docs/bootstrap.md says where each comes from.
project            = "tipoff-dev"
project_number     = "100000000001"
monthly_budget_usd = 15
publish_to_world   = false
