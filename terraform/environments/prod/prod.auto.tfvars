# The values of your project; docs/bootstrap.md says where each comes from.
project            = "tipoff-prod"
project_number     = "200000000002"
monthly_budget_usd = 40
publish_to_world   = false
