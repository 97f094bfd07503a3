variable "project" {
  description = "Project id."
  type        = string
}

variable "project_number" {
  description = "Project number."
  type        = string
}

variable "invokers" {
  description = "Who may call the functions a person may call: user:, group: or serviceAccount: members."
  type        = set(string)
  default     = []
}

variable "operators" {
  description = "Addresses of Google groups that own the datasets besides the project's owners."
  type        = set(string)
  default     = []
}

variable "publish_to_world" {
  description = "Whether everybody may read the bucket `public`."
  type        = bool
  default     = false
}

variable "alert_emails" {
  description = "Who hears of alerts and of the budget."
  type        = set(string)
  default     = []
}

variable "billing_account" {
  description = "Billing account of the budget; without one there is no budget."
  type        = string
  default     = null
}

variable "monthly_budget_usd" {
  description = "Amount of the monthly budget."
  type        = number
  default     = 20
}
