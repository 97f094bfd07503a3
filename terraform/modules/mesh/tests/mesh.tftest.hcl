# Tests the module's own logic on a mesh with one resource of each kind. Needs no account and creates nothing.

mock_provider "google" {}

variables {
  repository     = "tests/fixture"
  project        = "tipoff-test"
  project_number = "300000000003"
  environment    = "test"
  protect        = false

  grants_settle_s = 0
}

# The first stage. A person then adds the values of the secrets.
run "the_foundation_has_the_secrets" {
  command = apply

  plan_options {
    target = [terraform_data.foundation]
  }

  assert {
    condition     = google_secret_manager_secret.this["odds-key"].secret_id == "odds-key" && google_logging_metric.this["quarantined"].name == "quarantined-test"
    error_message = "The foundation has the secrets, and the metrics, which take ten minutes to appear."
  }
}

run "names_follow_from_the_page" {
  command = apply

  assert {
    condition     = google_pubsub_topic.this["things"].name == "things-test"
    error_message = "A topic is <key>-<environment>."
  }
  assert {
    condition     = google_storage_bucket.this["landing"].name == "tipoff-test-landing"
    error_message = "A bucket is <project>-<key>."
  }
  assert {
    condition     = google_pubsub_subscription.push["work"].push_config[0].push_endpoint == "https://worker-300000000003.us-west2.run.app/do"
    error_message = "A push goes to the deterministic URL, and the path of the page."
  }
  assert {
    condition     = google_pubsub_subscription.push["work"].push_config[0].oidc_token[0].audience == "https://worker-300000000003.us-west2.run.app"
    error_message = "The audience is the URL without a path."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["ask"].service_config[0].environment_variables.RELEASE == join("", [for _ in range(64) : "2"])
    error_message = "The release of a function is the digest of its own zip."
  }
  assert {
    condition     = google_storage_bucket_object.zip["ask"].name == "ask-${join("", [for _ in range(64) : "2"])}.zip"
    error_message = "A zip is named by its content."
  }
  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.this["daily"].http_target[0].body)).argument == "{\"kind\":\"daily\"}"
    error_message = "A job passes its argument as JSON text in JSON."
  }
}

run "views_stand_on_what_they_read" {
  command = plan

  assert {
    condition     = keys(module.views_0.views) == ["nba_raw.things_history"] && keys(module.views_1.views) == ["nba_raw.things"]
    error_message = "A view is made after the views that it reads; what a comment says does not count."
  }
  assert {
    condition     = module.views_1.views["nba_raw.things"] == "\nSELECT * FROM `tipoff-test.nba_raw.things_history` AS h\n"
    error_message = "A reference gets the project, whether it stood in backticks or not."
  }
  assert {
    condition     = keys(module.views_2.views) == ["nba_raw.things_asof"] && length(output.unplaced_views) == 0
    error_message = "A table function takes its place among the views."
  }
  assert {
    condition     = google_bigquery_table.this["nba_landing.things"].time_partitioning[0].field == "game_date" && google_bigquery_table.this["nba_landing.things"].require_partition_filter
    error_message = "A landing table is partitioned and asks for a filter."
  }
}

run "nothing_is_public" {
  command = plan

  assert {
    condition     = length(google_storage_bucket_iam_member.world) == 0 && google_storage_bucket.this["public"].public_access_prevention == "enforced"
    error_message = "Publishing to the world is off unless asked for."
  }
  assert {
    condition     = length(google_billing_budget.this) == 0 && length(google_monitoring_notification_channel.email) == 0
    error_message = "Without a billing account there is no budget, without an address no channel."
  }
}

run "the_world_reads_one_bucket_when_asked" {
  command = plan

  variables {
    publish_to_world = true
    billing_account  = "000000-000000-000000"
    alert_emails     = ["someone@example.com"]
  }

  assert {
    condition     = google_storage_bucket_iam_member.world["allUsers"].bucket == "tipoff-test-public"
    error_message = "One variable publishes the bucket `public`."
  }
  assert {
    condition     = [for key, bucket in google_storage_bucket.this : key if bucket.public_access_prevention != "enforced"] == ["public"]
    error_message = "It publishes no other."
  }
  assert {
    condition     = google_billing_budget.this["monthly"].amount[0].specified_amount[0].units == "20" && length(google_monitoring_notification_channel.email) == 1
    error_message = "A billing account brings a budget, an address a channel."
  }
}

run "invokers_call_only_what_a_person_may_call" {
  command = plan

  variables {
    invokers = ["group:operators@example.com"]
  }

  assert {
    condition     = [for key, grant in google_cloud_run_v2_service_iam_member.invoker : grant.name if startswith(key, "group:")] == ["asker"]
    error_message = "Named people call the functions with ingress `all`, and no others."
  }
}

run "secrets_come_by_reference" {
  command = plan

  assert {
    condition = alltrue([
      google_cloudfunctions2_function.this["work_hard"].service_config[0].secret_environment_variables[0].key == "SECRET_ODDS_KEY",
      google_cloudfunctions2_function.this["work_hard"].service_config[0].secret_environment_variables[0].secret == "odds-key",
      !contains(keys(google_cloudfunctions2_function.this["work_hard"].service_config[0].environment_variables), "SECRET_ODDS_KEY"),
      google_secret_manager_secret_iam_member.accessor["work_hard/odds-key"].role == "roles/secretmanager.secretAccessor",
      length(google_secret_manager_secret_iam_member.accessor) == 1,
    ])
    error_message = "A secret is injected by reference, readable by the one function that declares it."
  }
  assert {
    condition     = google_storage_bucket_iam_member.writer["work_hard/landing"].role == "roles/storage.objectCreator" && google_storage_bucket_iam_member.reader["work_hard/landing"].role == "roles/storage.objectViewer"
    error_message = "Who writes a write-once bucket can only create, and reads if it says so."
  }
}

run "operators_are_people_and_groups" {
  command = plan

  variables {
    operators = ["user:someone@example.com", "group:data@example.com"]
  }

  assert {
    condition = alltrue([
      compact([for access in google_bigquery_dataset.open["nba_raw"].access : access.user_by_email if access.role == "OWNER"]) == tolist(["someone@example.com"]),
      compact([for access in google_bigquery_dataset.open["nba_raw"].access : access.group_by_email if access.role == "OWNER"]) == tolist(["data@example.com"]),
    ])
    error_message = "An operator is a user or a group."
  }
}

run "an_operator_has_a_kind" {
  command = plan

  variables {
    operators = ["data@example.com"]
  }

  expect_failures = [var.operators]
}

run "an_alert_has_one_query_and_a_daily_reminder" {
  command = plan

  variables {
    alert_emails = ["someone@example.com"]
  }

  assert {
    condition     = google_monitoring_alert_policy.this["letters"].conditions[0].condition_prometheus_query_language[0].query == "sum by (topic_id) (increase({\"pubsub.googleapis.com/topic/send_request_count\", monitored_resource=\"pubsub_topic\", topic_id=~\"letters-test\"}[5m])) > 0"
    error_message = "An alert is raised by what was published in the last minutes."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.this["silence"].conditions[0].condition_prometheus_query_language[0].query, "or vector(0)")
    error_message = "A workflow that never succeeded counts as zero."
  }
  assert {
    condition     = google_monitoring_alert_policy.this["letters"].alert_strategy[0].notification_channel_strategy[0].renotify_interval == "86400s"
    error_message = "An open incident is told again each day."
  }
  assert {
    condition     = google_monitoring_alert_policy.this["letters"].documentation[0].content == "look at them in tipoff-test" && google_monitoring_alert_policy.this["silence"].documentation[0].content == "look at daily-test"
    error_message = "An action names the project and the environment."
  }
}

run "protected_data_needs_an_address_for_alerts" {
  command = plan

  variables {
    protect = true
  }

  expect_failures = [var.alert_emails]
}

run "a_budget_notifies_five_channels" {
  command = plan

  variables {
    alert_emails = [for name in ["a", "b", "c", "d", "e", "f"] : "${name}@example.com"]
  }

  expect_failures = [var.alert_emails]
}

run "no_wildcards_among_invokers" {
  command = plan

  variables {
    invokers = ["allUsers"]
  }

  expect_failures = [var.invokers]
}

run "an_environment_is_a_short_word" {
  command = plan

  variables {
    environment = "Prod_1"
  }

  expect_failures = [var.environment]
}

run "a_project_number_is_a_number" {
  command = plan

  variables {
    project_number = "tipoff-test"
  }

  expect_failures = [var.project_number]
}

run "a_project_has_an_id" {
  command = plan

  variables {
    project = "P"
  }

  expect_failures = [var.project]
}

run "a_budget_is_positive" {
  command = plan

  variables {
    monthly_budget = 0
  }

  expect_failures = [var.monthly_budget]
}

run "soft_delete_has_a_range" {
  command = plan

  variables {
    soft_delete_days = 3
  }

  expect_failures = [var.soft_delete_days]
}
