#!/bin/bash
# Style, types and tests. Every check runs even if an earlier one failed; pytest's summary comes last.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Hundreds of processes are started: none of them should compile the same sources anew.
unset PYTHONDONTWRITEBYTECODE
PYTHON=.venv/bin/python
failed=()

check() {
    local name=$1
    shift
    "$@" || failed+=("$name")
}

mapfile -t sources < <(find helpdesk daemon shell tests bench sql helpdeskd.py helpdesk-admin.py -name '*.py' 2>/dev/null)
check "ruff check" "$PYTHON" -m ruff check --quiet .
check "ruff format" "$PYTHON" -m ruff format --check --quiet .
check "mypy" "$PYTHON" -m mypy --strict --no-error-summary "${sources[@]}"
if [[ ${#failed[@]} -gt 0 ]]; then
    printf 'FAILED, see above: %s\n' "${failed[@]}" >&2
fi
if [[ ${1:-} = all ]]; then
    # Three at once on two processors: much of a test is waiting for a server. Each has servers of its own.
    check "pytest" "$PYTHON" -m pytest -rfEs -n 3
fi
[[ ${#failed[@]} -eq 0 ]]
