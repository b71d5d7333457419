"""The rest of a cell after one statement of it failed; this text runs in the kernel and imports nothing of the book."""

import ast
import sys
import types

MIME = "application/x-jingjinji-not-published"
ERROR, FORGOTTEN = "FitNotPublished", "NameError"
"""What a cell may fail with: a fit that is not published, and a name that a failed statement would have bound."""


def report(cell: str) -> None:
    """Inside a kernel, after a cell failed: run what can run of the rest, and publish which fits were missed.

    Raises the first error of another kind.
    """
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    errors = go_on(shell.transform_cell(cell), shell.user_ns, sys.last_value)
    for error in errors:
        if type(error).__name__ not in (ERROR, FORGOTTEN):
            raise error
    display({MIME: sorted({error.fit for error in errors if type(error).__name__ == ERROR})}, raw=True)


def go_on(code: str, names: dict, error: BaseException) -> list[BaseException]:
    """Run the statements that come after the one at which `error` stopped the code.

    Parameters
    ----------
    code : plain Python that was run in `names` until the error.
    names : the namespace; what a failed statement binds or may have begun to change is taken out of it, so that nothing
        goes on with an old value or half of a new one.

    Returns
    -------
    The error and those of later statements.
    """
    body, line = ast.parse(code).body, _line(error, names)
    if line is None:
        return [error]
    place = next(place for place, statement in enumerate(body) if line <= statement.end_lineno)
    _forget(body[place], names)
    errors = [error]
    for statement in (*pieces(body[place]), *body[place + 1 :]):
        try:
            exec(compile(ast.Module([statement], []), "<cell>", "exec"), names)
        except Exception as later:
            errors.append(later)
            _forget(statement, names)
    return errors


def pieces(statement: ast.stmt) -> list[ast.stmt]:
    """``a, b = f(), g()`` as ``a = f()`` and ``b = g()``; nothing of any other statement."""
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            plain = all(isinstance(target, ast.Name) for target in targets) and len(targets) == len(values)
            read = {node.id for value in values for node in ast.walk(value) if isinstance(node, ast.Name)}
            if plain and not read & {target.id for target in targets}:
                pairs = zip(targets, values, strict=True)
                return [ast.copy_location(ast.Assign([target], value), statement) for target, value in pairs]
    return []


def touched(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Names that a statement binds, and names of what it may change: ``a`` of ``a.b = 1``, ``a[0] = 1``, ``a.b()``."""
    bound, changed = set(), set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add(other or name.partition(".")[0])
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                changed |= _base(node)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
                changed |= _base(function)
    return bound, changed - bound


def _base(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _forget(statement: ast.stmt, names: dict) -> None:
    bound, changed = touched(statement)
    given = {argument.id for node in ast.walk(statement) if isinstance(node, ast.Call)
             for argument in node.args if isinstance(argument, ast.Name)}  # fmt: skip
    changed |= {name for name in given if type(names.get(name)) in (list, dict, set)}
    for name in bound | {name for name in changed if not isinstance(names.get(name), types.ModuleType)}:
        names.pop(name, None)


def _line(error: BaseException, names: dict) -> int | None:
    """Line of the code at which an error came up: its outermost frame that runs in the namespace."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_globals is not names:
        step = step.tb_next
    return step and step.tb_lineno
