"""Precedence parser of expressions.

Order, high to low (docs: Data types, "Order of operations"):
`()`  `.`  `[]`  `not`  unary `-`  `* / // %`  `+ -`  `<= >= < > == != in`  `and`  `or`
"""

from tipoff_local.workflows.language.lexer import ExpressionError, Token, tokenize, unquote
from tipoff_local.workflows.language.syntax import Apply, Binary, Index, Items, Literal, Logical, Name, Node, Unary
from tipoff_local.workflows.language.values import INT_MAX, Value

# Values, not calls: they have the name of a function but no parentheses.
FUNCTION_VALUES = frozenset(
    {
        "http.default_retry_predicate",
        "http.default_retry_predicate_non_idempotent",
        "http.default_retry",
        "http.default_retry_non_idempotent",
        "retry.always",
        "retry.never",
        "retry.default_backoff",
    }
)
_COMPARISONS = ("<=", ">=", "<", ">", "==", "!=", "in")
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


def parse(text: str) -> Node:
    """Parse the text between `${` and `}`.

    Raises:
        ExpressionError: not an expression of the documented language.
    """
    parser = _Parser(tokenize(text))
    node = parser.disjunction()
    parser.expect("end", "end of expression")
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def expect(self, kind: str, text: str) -> Token:
        token = self._tokens[self._at]
        if token.kind != kind or (kind == "op" and token.text != text):
            raise ExpressionError(f"expected {text}, found {token.text!r} at column {token.column}")
        self._at += 1
        return token

    def disjunction(self) -> Node:
        node = self._conjunction()
        while self._accept("or"):
            node = Logical("or", node, self._conjunction())
        return node

    def _conjunction(self) -> Node:
        node = self._comparison()
        while self._accept("and"):
            node = Logical("and", node, self._comparison())
        return node

    def _comparison(self) -> Node:
        node = self._sum()
        if op := self._accept(*_COMPARISONS):
            node = Binary(op, node, self._sum())
            if after := self._accept(*_COMPARISONS):
                raise ExpressionError(f"comparisons cannot be chained: put parentheses around one side of {after!r}")
        return node

    def _sum(self) -> Node:
        node = self._product()
        while op := self._accept("+", "-"):
            node = Binary(op, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._negation()
        while op := self._accept("*", "/", "//", "%"):
            node = Binary(op, node, self._negation())
        return node

    def _negation(self) -> Node:
        return Unary("-", self._negation()) if self._accept("-") else self._inversion()

    def _inversion(self) -> Node:
        return Unary("not", self._inversion()) if self._accept("not") else self._postfix()

    def _postfix(self) -> Node:
        node = self._atom()
        while op := self._accept(".", "[", "("):
            if op == ".":
                node = _member(node, self._member_name())
            elif op == "[":
                node = Index(node, self.disjunction())
                self.expect("op", "]")
            else:
                node = Apply(_function_name(node), self._list_until(")"))
        return node

    def _atom(self) -> Node:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "op" and token.text == "(":
            node = self.disjunction()
            self.expect("op", ")")
            return node
        if token.kind == "op" and token.text == "[":
            return Items(self._list_until("]"))
        if token.kind in ("op", "end"):
            raise ExpressionError(f"unexpected {token.text!r} at column {token.column}")
        return _leaf(token)

    def _list_until(self, close: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._accept(close):
            if items:
                self.expect("op", ",")
            items.append(self.disjunction())
        return tuple(items)

    def _member_name(self) -> str:
        token = self._tokens[self._at]
        if not token.text.isidentifier():
            raise ExpressionError(f"expected a name after '.', found {token.text!r} at column {token.column}")
        self._at += 1
        return token.text

    def _accept(self, *operators: str) -> str:
        token = self._tokens[self._at]
        if token.kind == "op" and token.text in operators:
            self._at += 1
            return token.text
        return ""


def _leaf(token: Token) -> Node:
    if token.kind == "constant":
        return Literal(_CONSTANTS[token.text])
    if token.kind == "string":
        return Literal(unquote(token.text))
    if token.kind == "double":
        return Literal(float(token.text))
    if token.kind == "int" and int(token.text) > INT_MAX:
        raise ExpressionError(f"integer {token.text} does not fit into 64 bits")
    return Literal(int(token.text)) if token.kind == "int" else Name(token.text)


def _member(target: Node, name: str) -> Node:
    if isinstance(target, Name) and f"{target.name}.{name}" in FUNCTION_VALUES:
        return Name(f"{target.name}.{name}")
    return Index(target, Literal(name))


def _function_name(node: Node) -> str:
    match node:
        case Name(name):
            return name
        case Index(target, Literal(str() as name)):
            return f"{_function_name(target)}.{name}"
        case _:
            raise ExpressionError("only a named function can be called")
