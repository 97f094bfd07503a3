"""A gate that cannot fail is no gate: each fixture breaks one thing, and the step named must catch it, for its reason."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import gate
import pytest
from rules import RULES
from toolbox import GateError, Terraform
from workspace import TABLES, Workspace

MODULE = "terraform/modules/mesh/"
KEPT = {"nbac_schedule", "nbac_schedule_history"}


@dataclass(frozen=True)
class Bite:
    """One fault: a passage of a file is replaced, and a step must say why that is wrong."""

    name: str
    file: str
    find: str
    replace: str
    step: str
    why: str


BITES = [
    Bite("sloppy style", MODULE + "storage.tf", "    enabled = try(", "    enabled   =   try(", "fmt", r"storage\.tf"),
    # mesh.yaml alone
    Bite("topic that is not declared", "terraform/mesh.yaml", "analyze: {topic: raw-ready,", "analyze: {topic: raw-redy,",
         "catalogue", r"names 'raw-redy', which topics does not declare"),
    Bite("word that mesh.yaml does not know", "terraform/mesh.yaml", "time_zone: America/New_York", "time_zone: America/New_York\ntimezone: UTC",
         "catalogue", r"'timezone' was unexpected"),
    Bite("cron that is none", "terraform/mesh.yaml", 'cron: "0 22 * * *"', 'cron: "0 25 * * *"', "catalogue", r"schedules\.postgame\.cron"),
    Bite("cron outside of its window", "terraform/mesh.yaml", 'cron: "30 9 * * *"', 'cron: "30 19 * * *"',
         "catalogue", r"postgame-sweep fires at .* outside of"),
    Bite("cron in the hour that spring skips", "terraform/mesh.yaml", 'cron: "0 6 * * 1", windows: ["05:00-07:00"], days: [mon]',
         'cron: "30 2 * * *", windows: ["02:00-02:59"]', "catalogue", r"train .*2027-03-14"),
    Bite("deadline below the timeout", "terraform/mesh.yaml", "attempts: 5, ack_deadline_s: 120", "attempts: 5, ack_deadline_s: 100",
         "catalogue", r"redelivers before ingest may give up"),
    # the provider's schema
    Bite("unknown argument", MODULE + "storage.tf", "  force_destroy               = ", "  destroy_by_force            = ",
         "validate", r'argument named "destroy_by_force" is not expected'),
    Bite("missing argument", MODULE + "storage.tf", "  location                    = upper(local.region)\n", "", "validate", r'"location" is required'),
    Bite("missing block", MODULE + "secrets.tf", "  replication {\n    auto {}\n  }\n", "", "validate", r"At least 1 .replication. blocks|Insufficient replication"),
    Bite("unknown block", MODULE + "storage.tf", "  versioning {", "  versions {", "validate", r'Blocks of type "versions" are not expected'),
    Bite("block twice", MODULE + "topics.tf", "  retry_policy {", "  retry_policy {\n    minimum_backoff = \"1s\"\n  }\n\n  retry_policy {",
         "validate", r"No more than 1 .?retry_policy.? blocks? (is|are) allowed|Too many retry_policy blocks"),
    Bite("wrong type", MODULE + "functions.tf", "max_instance_count               = each.value.max_instances",
         'max_instance_count               = "many"', "validate", r"a number is required"),
    Bite("unknown resource", MODULE + "storage.tf", 'resource "google_storage_notification"', 'resource "google_storage_bell"',
         "validate", r'does not support resource type "google_storage_bell"'),
    # what only a plan shows
    Bite("wrong enum", MODULE + "functions.tf", '"ALLOW_ALL" :', '"ALLOW_EVERYBODY" :', "enums", r"ingress_settings = 'ALLOW_EVERYBODY' is not among"),
    Bite("wrong partition type", MODULE + "bigquery.tf", 'type  = "DAY"', 'type  = "WEEK"', "enums", r"time_partitioning\.type = 'WEEK'"),
    Bite("public member", MODULE + "iam.tf", "var.publish_to_world ? toset([\"allUsers\"]) : toset([])", 'toset(["allUsers"])',
         "least_privilege", r"public: .*allUsers"),
    Bite("basic role", MODULE + "iam.tf", '"roles/bigquery.jobUser"', '"roles/editor"', "least_privilege", r"basic role: .*roles/editor"),
    Bite("more than declared", MODULE + "bigquery.tf", '"READER" if contains(may.read_datasets, dataset)', '"WRITER" if contains(may.read_datasets, dataset)',
         "least_privilege", r"granted and not declared: .*nba_raw.*dataEditor"),
    Bite("key of a service account", MODULE + "services.tf", "# Who read a secret",
         'resource "google_service_account_key" "key" {\n  service_account_id = google_service_account.this["builder"].name\n}\n\n# Who read a secret',
         "least_privilege", r"google_service_account_key\.key grants by a way"),
    Bite("dead letters without their grant", MODULE + "iam.tf", 'for_each = local.pushes\n\n  project      = var.project',
         'for_each = {}\n\n  project      = var.project', "dead_letters", r"may not take its dead letters away"),
    Bite("topic beside mesh.yaml", MODULE + "topics.tf", "# A push subscription of our own",
         'resource "google_pubsub_topic" "extra" {\n  project = var.project\n  name    = "extra"\n}\n\n# A push subscription of our own',
         "names", r"pubsub_topic: extra is planned and not declared"),
    Bite("variable that nobody needs", MODULE + "names.tf", "RELEASE        = local.release", "RELEASE        = local.release\n    REALM          = \"x\"",
         "function_variables", r"REALM.* is planned and not declared"),
    Bite("variable that nobody gives", "workflows/train.yaml", 'sys.get_env("URL_TRAIN")', 'sys.get_env("URL_TRIAN")',
         "workflow_variables", r"asks for URL_TRIAN, which nobody gives"),
    Bite("push to a URL of its own", MODULE + "topics.tf", 'push_endpoint = "${local.urls[each.value.function]}', 'push_endpoint = "http://${each.value.function}',
         "pushes", r"ingest pushes \('http://ingest"),
    Bite("name that waits for apply", MODULE + "topics.tf", "topic                      = google_pubsub_topic.this[each.value.topic].name\n  ack_deadline_seconds       = each",
         "topic                      = google_pubsub_topic.this[each.value.topic].id\n  ack_deadline_seconds       = each",
         "nothing_unknown", r"topic is not known before apply"),
    Bite("data without protection", MODULE + "workflows.tf", "deletion_protection     = var.protect", "deletion_protection     = !var.protect",
         "protection", r"google_workflows_workflow .*deletion protection True"),
    Bite("function without its release", MODULE + "functions.tf", "merge(local.release_labels,", "merge(local.labels,",
         "releases", r"google_cloudfunctions2_function .* carries"),
    # checkov
    Bite("bucket with object ACLs", MODULE + "storage.tf", "uniform_bucket_level_access = true", "uniform_bucket_level_access = false",
         "checkov", r"CKV_GCP_29"),
]  # fmt: skip


def complaint(bite: Bite, terraform: Terraform, broken: Workspace) -> str:
    """What the step named by the bite has to say of the broken workspace; empty if it noticed nothing."""
    try:
        if bite.step == "fmt":
            gate.fmt(terraform, broken)
        elif bite.step == "catalogue":
            gate.check_catalogue(broken)
        elif bite.step == "checkov":
            gate.checkov(broken.alone(bite.file))
        elif bite.step == "validate":
            gate.validate(terraform, broken, "dev")
        else:
            return "\n".join(RULES[bite.step](gate.case(terraform, broken, "dev")))
    except GateError as error:
        return re.sub(r"\s+", " ", str(error))
    return ""


@pytest.fixture(scope="module")
def small(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace with two table folders instead of all: a plan takes half the time."""
    copied = workspace.copy(tmp_path_factory.mktemp("bites") / "small")
    for folder in (copied.root / TABLES).glob("*/*"):
        if folder.name not in KEPT:
            shutil.rmtree(folder)
    return copied


def test_the_unbroken_workspace_passes(terraform: Terraform, small: Workspace) -> None:
    """Otherwise the bites below would prove nothing."""
    gate.validate(terraform, small, "dev")
    assert gate.broken_rules(gate.case(terraform, small, "dev")) == []


@pytest.mark.parametrize("bite", BITES, ids=lambda bite: f"{bite.step}: {bite.name}")
def test_bite(bite: Bite, terraform: Terraform, small: Workspace, tmp_path: Path) -> None:
    broken = small.copy(tmp_path / "broken")
    broken.edit(bite.file, bite.find, bite.replace)
    assert re.search(bite.why, complaint(bite, terraform, broken)), complaint(bite, terraform, broken)
    shutil.rmtree(broken.root)
