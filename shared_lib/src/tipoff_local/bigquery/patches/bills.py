"""Bills each job as BigQuery would: in the job's statistics, and in the usage log under the labels of the job.

The label `cause` names what asked for the job and `function` the service that ran it. A job without them was not run by
a function.
"""

from contextvars import ContextVar
from typing import Any

from local_bigquery.jobs import query, runner
from local_bigquery.models import Job, JobStatistics2
from local_bigquery.sql import script
from sqlglot import exp

from tipoff_local.bigquery.billing import Bill, Billing
from tipoff_local.bigquery.patches.translations import TEXT_OF_STATEMENT
from tipoff_local.usage import UsageLog

_bill: ContextVar[Bill | None] = ContextVar("bill", default=None)


def bill_jobs(billing: Billing, usage: UsageLog) -> None:
    """Replace how local-bigquery runs jobs and statements in this process."""
    _bill_statements(billing)
    _bill_expressions(billing)
    run = runner._query

    def run_job(job: Job, session: Any, running: Any) -> Any:
        bill = Bill()
        token = _bill.set(bill)
        try:
            statistics = run(job, session, running)
        finally:
            _bill.reset(token)
            labels = job.configuration.labels or {}
            usage.add(
                labels.get("cause") or "", labels.get("function") or "", bigquery_jobs=1,
                bigquery_statements=bill.statements, bigquery_references=bill.references,
                bigquery_billed_bytes=bill.billed,
            )  # fmt: skip
        return statistics.replace(totalBytesProcessed=str(bill.processed), query=_billed(statistics.query, bill))

    runner._query = run_job


def _bill_statements(billing: Billing) -> None:
    run = query._statement

    def run_statement(cursor: Any, tree: exp.Expr, context: Any, *rest: Any) -> JobStatistics2:
        statistics = run(cursor, tree, context, *rest)
        bill = _bill.get()
        if bill is None or not isinstance(tree, exp.Query | exp.DML):
            return statistics
        found = billing.table_bytes(tree, context, tree.meta.get(TEXT_OF_STATEMENT))
        return _billed(statistics, bill.add(found.values()))

    query._statement = run_statement


def _bill_expressions(billing: Billing) -> None:
    """A condition or ASSERT with a subquery is a job of its own in BigQuery."""
    evaluate = script.Interpreter.evaluate

    def evaluate_and_bill(self: script.Interpreter, sql: str) -> Any:
        value = evaluate(self, sql)
        bill = _bill.get()
        if bill is not None and "select" in sql.lower():
            tree = script._select(self.expression(sql))
            bill.add(billing.table_bytes(tree, self.context, f"expression {sql}").values())
        return value

    script.Interpreter.evaluate = evaluate_and_bill


def _billed(statistics: JobStatistics2, bill: Bill) -> JobStatistics2:
    return statistics.replace(totalBytesBilled=str(bill.billed), totalBytesProcessed=str(bill.processed))
