"""The GoogleSQL analyzer over our table folders: what BigQuery would refuse, it refuses here, with its messages."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from zetasql.api import Analyzer, CatalogBuilder, TableBuilder, TVFBuilder, TypeFactory
from zetasql.types import (
    AnalyzeRequest,
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    SimpleCatalog,
    Type,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)

from tipoff.tables import Column, Table

PARAMETERS = {"start_date": "DATE", "end_date": "DATE", "as_of": "TIMESTAMP", "lead_minutes": "INT64"}
_ALIASES = {"INTEGER": "INT64", "FLOAT": "DOUBLE", "FLOAT64": "DOUBLE", "BOOLEAN": "BOOL"}
_KINDS = {int(kind): kind.name.removeprefix("TYPE_") for kind in TypeKind}


def column_type(column: Column) -> Type:
    """The analyzer's type of a schema field."""
    if column.fields:
        one = TypeFactory.create_struct_type([(each.name, column_type(each)) for each in column.fields])
    else:
        one = simple_type(column.type)
    return TypeFactory.create_array_type(one) if column.mode == "REPEATED" else one


def simple_type(kind: str) -> Type:
    """The analyzer's type of a GoogleSQL scalar type."""
    return TypeFactory.create_simple_type(TypeKind[f"TYPE_{_ALIASES.get(kind, kind)}"])


def type_name(kind: Type) -> str:
    """A type's canonical spelling, for comparisons."""
    name: str = _KINDS[int(kind.type_kind)]
    if name == "ARRAY":
        return f"ARRAY<{type_name(kind.array_type.element_type)}>"
    if name == "STRUCT":
        return (
            f"STRUCT<{', '.join(f'{each.field_name} {type_name(each.field_type)}' for each in kind.struct_type.field)}>"
        )
    return name


def catalog(tables: Iterable[Table]) -> SimpleCatalog:
    """A catalog with one nested catalog per dataset, as BigQuery resolves `dataset.table`."""
    datasets: dict[str, CatalogBuilder] = defaultdict(lambda: CatalogBuilder("dataset"))
    for table in tables:
        _register(datasets[table.dataset], table)
    options = ZetaSQLBuiltinFunctionOptions(language_options=language())
    root = CatalogBuilder("project").with_builtin_functions(options).build()
    root.catalog = [_named(builder.build(), name) for name, builder in datasets.items()]
    return root


def _named(built: SimpleCatalog, name: str) -> SimpleCatalog:
    built.name = name
    return built


def _register(dataset: CatalogBuilder, table: Table) -> None:
    if table.kind == "table_function":
        function = TVFBuilder(table.name)
        for argument in table.spec.arguments:
            function.add_argument(argument.name, simple_type(argument.type))
        function.set_output_schema([(column.name, column_type(column)) for column in table.columns])
        built = function.build()
        for argument in built.signature.argument:
            argument.num_occurrences = 1
        dataset.add_table_valued_function(built)
        return
    builder = TableBuilder(table.name)
    for column in table.columns:
        builder.add_column(column.name, column_type(column))
    dataset.add_table(builder.build())


@cache
def language() -> LanguageOptions:
    """BigQuery's flavour: external types (no INT32 or FLOAT), all features. Nobody changes it."""
    options = LanguageOptions.maximum_features()
    options.product_mode = ProductMode.PRODUCT_EXTERNAL
    return options


def analyzer(tables: Iterable[Table]) -> Analyzer:
    """An analyzer that knows every folder of `tables` and the parameters of the rebuild."""
    options = AnalyzerOptions(language_options=language())
    options.query_parameters = [
        AnalyzerOptions.QueryParameter(name=name, type=simple_type(kind)) for name, kind in PARAMETERS.items()
    ]
    return Analyzer(options, catalog=catalog(tables))


def accept(known: Analyzer, sql: str) -> None:
    """Raises what the analyzer has against a statement; for who wants no more: its tree takes long to read."""
    request = AnalyzeRequest(sql_statement=sql, options=known.options, simple_catalog=known.catalog)
    known.service.wasm_client.call_grpc_func("ZetaSqlLocalService_Analyze", request.to_proto())


def output_columns(resolved: Any) -> list[tuple[str, str]]:
    """Names and types that an analysed query returns."""
    return [(each.name, type_name(each.column.type)) for each in resolved.output_column_list]
