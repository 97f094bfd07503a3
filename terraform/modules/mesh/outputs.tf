output "release" {
  description = "Git commit and content hash of what runs."
  value       = local.release
}

output "urls" {
  description = "URL of each function, which is also the audience of its callers."
  value       = local.urls
}

output "buckets" {
  description = "Bucket names by key."
  value       = local.buckets
}

output "unplaced_views" {
  description = "Views and table functions that read each other in a circle, or nine deep: always empty."
  value       = local.unplaced

  precondition {
    condition     = length(local.unplaced) == 0
    error_message = "Views read each other in a circle or more than eight deep: ${join(", ", local.unplaced)}."
  }
}
